"""One file a data source that registers itself. Each is found by being here.

Grevy's first ones stand beside this folder, and `find_source` knows their order.
"""
