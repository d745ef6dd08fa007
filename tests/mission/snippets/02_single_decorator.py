from cachekit import cache
# Set master key (hex-encoded)
import os
os.environ["CACHEKIT_MASTER_KEY"] = "a" * 64 # 32 bytes
@cache.secure(ttl=300, master_key="a" * 64, backend=None) # AES-256-GCM enabled
def get_sensitive_data(user_id):
    return db.query(SensitiveData).filter_by(id=user_id).first() # illustrative - db not defined
data = get_sensitive_data(123) # Encrypted in Redis
