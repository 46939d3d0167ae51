"""MediaHub beside products that people would pick, each in a process and an environment of its own."""
