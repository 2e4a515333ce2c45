"""Sample mails with their envelopes: what the notebooks scan and send."""

from labs.mails.loading import Mail, load, load_signed
from labs.mails.sample import Envelope, Sample, catalogue

__all__ = ["Envelope", "Mail", "Sample", "catalogue", "load", "load_signed"]
