"""Programs that measure the project and try to break it, and the server they run against."""
