"""The analyses as they run after the core: each reads what was known on each day and writes gold tables of results.

    seasonal_adjustment → business_cycle        nowcasts        forecasts

A job does again only what it has not done yet: results carry a fingerprint of all that they depend on, and equal fingerprints are kept.
"""
