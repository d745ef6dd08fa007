# Gradual key rotation (for zero-downtime)
@cache.secure(ttl=3600, master_key="a" * 64, key_rotation_enabled=True, backend=None)
def get_data(x):
    return sensitive_data(x) # illustrative - sensitive_data not defined
# 1. Add new key to CACHEKIT_MASTER_KEY_ROTATION
# 2. Old key still decrypts old data
# 3. New data encrypted with new key
# 4. Eventually old data expires from cache
# 5. Remove old key from rotation list
