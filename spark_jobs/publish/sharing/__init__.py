"""Delta Sharing, the open protocol's REST server, for partners: the tables that a recipient's role sees in the current release, read only.

https://github.com/delta-io/delta-sharing/blob/main/PROTOCOL.md, parquet response format; one share a role, one schema `mart`.
"""
