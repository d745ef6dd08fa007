from cachekit import cache
from cachekit.serializers import EncryptionWrapper, OrjsonSerializer
# Encrypt JSON API responses (webhooks, sessions, API keys)
@cache(serializer=EncryptionWrapper(serializer=OrjsonSerializer()), backend=None)
def get_api_keys(tenant_id: str):
    return {
        "api_key": "sk_live_abcdef123456",
        "webhook_secret": "whsec_xyz789",
        "tenant_id": tenant_id
    }
keys = get_api_keys("customer-123")
# JSON encrypted client-side, backend never sees plaintext (illustrative)
