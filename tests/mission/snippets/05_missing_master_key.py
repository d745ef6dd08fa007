# Forget to set master_key parameter
@cache.secure(ttl=300) # Missing master_key!
def operation(x):
    return sensitive_data(x) # illustrative - sensitive_data not defined
# Error: "cache.secure requires master_key parameter or CACHEKIT_MASTER_KEY environment variable"
# Solution: Set CACHEKIT_MASTER_KEY env var, or pass master_key= explicitly
