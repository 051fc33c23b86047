"""Delta Sharing, the open protocol's REST server, for partners: the tables that a recipient's role sees in the current release and in the earlier ones whose files are there, read only.

https://github.com/delta-io/delta-sharing/blob/main/PROTOCOL.md, parquet response format; one share a role, one schema `mart`; the versions of a table are the releases.
"""
