"""The pages as people use them, driven in Chromium."""
