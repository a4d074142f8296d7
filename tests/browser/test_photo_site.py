"""The photograph site as a person meets it: the real programs, a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"

SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Seconds. A picture takes less than one; this is for a machine that does other things too.
PATIENCE = 30

pytestmark = pytest.mark.browser


def program(*names: str) -> str:
    """The first of these programs that is installed. Without one the test fails where required, else it is skipped."""
    for name in names:
        if found := shutil.which(name):
            return found
    sentence = f"None of {', '.join(names)} is installed."
    if os.environ.get("CI") or os.environ.get("DJANGO_SQS_REQUIRE_BROWSER"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running site with no pictures."""
    program("chromium", "chromium-browser", "google-chrome")
    data = tmp_path_factory.mktemp("site data")
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLE / "run.py"), "--data", str(data), "--count", "0", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            name: value for name, value in os.environ.items() if not name.startswith(("SQS_", "PHOTOSITE_", "DJANGO_"))
        },
    )
    assert process.stdout is not None
    output = ""
    try:
        for line in process.stdout:
            output += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/(?= \(Ctrl-C)", line):
                yield found.group()
                break
        else:
            pytest.fail(f"The site did not start:\n{output}")
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output + rest


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium-browser", "google-chrome")
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1280,1400"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(program("chromedriver")))
    try:
        yield driver
    finally:
        driver.save_screenshot(str(tmp_path / "at-the-end.png"))
        driver.quit()


def upload(browser: webdriver.Chrome, *paths: Path) -> None:
    browser.find_element(By.ID, "pictures").send_keys("\n".join(map(str, paths)))
    browser.find_element(By.CSS_SELECTOR, "#upload button").click()


def card(browser: webdriver.Chrome, name: str, state: str) -> WebElement:
    """Wait for the card of a picture to reach a state; the page renews itself, nobody loads it again."""
    path = f'//li[@data-state="{state}"][.//*[@data-field="name"][text()="{name}"]]'
    return WebDriverWait(browser, PATIENCE).until(
        lambda driver: driver.find_element(By.XPATH, path), f"{name} did not become {state}"
    )


def field(element: WebElement, name: str) -> str:
    return element.find_element(By.CSS_SELECTOR, f'[data-field="{name}"]').text


def natural_width(browser: webdriver.Chrome, element: WebElement) -> int:
    image = element.find_element(By.TAG_NAME, "img")
    width: int = WebDriverWait(browser, PATIENCE).until(
        lambda driver: driver.execute_script("return arguments[0].complete && arguments[0].naturalWidth", image)
    )
    return width


def camera_picture(path: Path) -> Path:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Aperta", "Aperta M4"
    camera = exif.get_ifd(0x8769)
    camera[0x829D], camera[0x8827], camera[0x920A] = 2.8, 400, 35.0
    camera[0x9003] = "2024:06:02 18:04:05"
    Image.linear_gradient("L").resize((3000, 2000)).convert("RGB").save(path, exif=exif)
    return path


def test_a_picture_is_uploaded_and_appears_developed(site: str, browser: webdriver.Chrome, tmp_path: Path) -> None:
    browser.get(site)
    upload(browser, camera_picture(tmp_path / "a lake.jpg"))
    ready = card(browser, "a lake.jpg", "ready")
    assert natural_width(browser, ready) == 840
    assert ready.find_element(By.TAG_NAME, "img").get_attribute("alt") == "Photograph a lake.jpg"
    assert field(ready, "state_label") == "Ready"
    assert field(ready, "camera") == "Aperta M4"
    assert field(ready, "settings") == "35 mm \u00b7 f/2.8 \u00b7 ISO 400"
    assert field(ready, "taken") == "2 June 2024, 18:04"
    assert field(ready, "size") == "3000 \u00d7 2000"
    # The camera wrote nothing of its lens, so no line says so.
    assert [label.text for label in ready.find_elements(By.TAG_NAME, "dt") if label.is_displayed()] == [
        "Camera",
        "Settings",
        "Taken",
        "Size",
    ]
    browser.save_screenshot(str(tmp_path / "ready.png"))
    log = browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert not [entry for entry in log if entry["level"] == "SEVERE"]


def test_a_file_that_is_no_picture_is_shown_as_failed_with_the_reason(
    site: str, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    diary, forest = tmp_path / "diary.jpg", camera_picture(tmp_path / "forest.jpg")
    diary.write_text("<script>document.title = 'taken over'</script>")
    browser.get(site)
    upload(browser, diary, forest)
    failed = card(browser, "diary.jpg", "failed")
    assert field(failed, "state_label") == "Failed"
    assert field(failed, "reason").startswith("This is not a picture that can be read here")
    assert not failed.find_element(By.TAG_NAME, "img").is_displayed()
    # The other one is none the worse for it.
    assert natural_width(browser, card(browser, "forest.jpg", "ready")) == 840
    assert "1 failed" in browser.find_element(By.ID, "summary").text
    assert browser.title == "Contact sheet"
    browser.save_screenshot(str(tmp_path / "failed.png"))


def test_a_caption_waits_for_its_picture_and_then_appears(site: str, browser: webdriver.Chrome, tmp_path: Path) -> None:
    browser.get(site)
    captions = browser.find_element(By.CSS_SELECTOR, "#captions textarea")
    captions.send_keys("harbour.jpg: Boats & <b>nets</b>")
    browser.find_element(By.CSS_SELECTOR, "#captions button").click()
    WebDriverWait(browser, PATIENCE).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".notice.success"))
    # Long enough for the receiver to have seen the caption before there is a picture.
    time.sleep(1)
    upload(browser, camera_picture(tmp_path / "harbour.jpg"))
    ready = card(browser, "harbour.jpg", "ready")
    WebDriverWait(browser, PATIENCE).until(lambda driver: field(ready, "caption") == "Boats & <b>nets</b>")
    assert ready.find_element(By.TAG_NAME, "img").get_attribute("alt") == "Boats & <b>nets</b>"


def test_a_line_that_is_no_caption_is_shown_with_what_was_typed(site: str, browser: webdriver.Chrome) -> None:
    browser.get(site)
    browser.find_element(By.CSS_SELECTOR, "#captions textarea").send_keys("just some words")
    browser.find_element(By.CSS_SELECTOR, "#captions button").click()
    error = WebDriverWait(browser, PATIENCE).until(
        lambda driver: driver.find_element(By.CSS_SELECTOR, "#captions .field-error")
    )
    assert "\u201cjust some words\u201d is not a file name, a colon and a caption" in error.text
    assert browser.find_element(By.CSS_SELECTOR, "#captions textarea").get_attribute("value") == "just some words"


def test_everything_is_within_a_phones_width_and_can_be_reached_by_keyboard(
    site: str, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    )
    browser.get(site)
    assert browser.execute_script("return document.documentElement.scrollWidth") == 360
    unlabelled = browser.execute_script(
        "return Array.from(document.querySelectorAll('input:not([type=hidden]), textarea, img'))"
        ".filter(e => !(e.labels && e.labels.length) && !e.alt).map(e => e.outerHTML)"
    )
    assert unlabelled == []
    browser.save_screenshot(str(tmp_path / "phone.png"))
