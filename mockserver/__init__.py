"""A local stand-in for the lead APIs of Sela, Octanist and NLPearl."""

__version__ = "0.1.0"
