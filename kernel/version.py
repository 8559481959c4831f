"""The version of Aether, in one place."""

VERSION = "0.1.0"
