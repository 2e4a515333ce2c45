"""Sample mails with their envelopes: what the notebooks scan and send."""

from labs.mails.loading import load
from labs.mails.sample import Envelope, Sample, catalogue

__all__ = ["Envelope", "Sample", "catalogue", "load"]
