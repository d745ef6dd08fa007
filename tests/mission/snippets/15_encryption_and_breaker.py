@cache.secure(ttl=300, master_key="a" * 64, backend=None) # Both enabled
def get_data():
    # Decryption error → Circuit breaker catches
    # Encryption happens before circuit breaker (at write time)
    return fetch_data() # illustrative - fetch_data not defined
