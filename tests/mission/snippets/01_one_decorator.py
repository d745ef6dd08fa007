@cache.secure(ttl=300, master_key="a" * 64, backend=None) # AES-256-GCM encryption
def get_user_ssn(user_id):
    return db.get_ssn(user_id) # Encrypted in Redis, decrypted in-app (illustrative)
