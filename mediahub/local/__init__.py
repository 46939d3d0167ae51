"""The machine without AWS: emulator, stack, event loop and demo."""
