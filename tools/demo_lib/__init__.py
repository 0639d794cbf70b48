"""The parts of `./dev demo`, see tools/demo.py."""
