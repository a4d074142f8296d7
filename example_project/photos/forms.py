"""What people type."""

from __future__ import annotations

from django import forms


class CaptionsForm(forms.Form):
    """Captions, one a line: the file's name, a colon, the caption."""

    captions = forms.CharField(
        label="Captions",
        max_length=20_000,
        error_messages={"required": "Type at least one caption."},
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "spellcheck": "true",
                "placeholder": "lake.jpg: A quiet morning",
                "aria-describedby": "captions-help",
            }
        ),
    )

    def clean_captions(self) -> list[tuple[str, str]]:
        """Return pairs of file name and caption; a line that is none is an error that shows it."""
        pairs = []
        for line in filter(None, map(str.strip, self.cleaned_data["captions"].splitlines())):
            name, colon, caption = line.partition(":")
            if not (name.strip() and colon and caption.strip()):
                raise forms.ValidationError(
                    "\u201c%(line)s\u201d is not a file name, a colon and a caption.", params={"line": line[:60]}
                )
            pairs.append((name.strip(), caption.strip()))
        return pairs
