"""PROBABILITY: how likely a contact became a referral.

Reads matching.int_matching_contacts, matching.int_matching_referrals and matching.int_matching_decisions, writes
matching.scored_pairs, matching.scored_contacts, matching.scored_referrals and matching.match_parameters. What counts
as a link is decided in SQL (int_contact_referral_links), not here. Nobody's name is written by this package.
"""

from matching.parameters import latest_fits
from matching.score import fit_authority, score_pairs

__all__ = ["fit_authority", "latest_fits", "score_pairs"]
