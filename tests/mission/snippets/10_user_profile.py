from cachekit import cache
@cache.secure(ttl=3600, master_key="a" * 64, backend=None) # AES-256-GCM with MessagePack
def get_user_profile(user_id):
    return db.get_profile(user_id) # illustrative - db not defined
profile = get_user_profile(123)
# Data encrypted in Redis, decrypted in-app
