from cachekit import cache
from contextvars import ContextVar
tenant_context = ContextVar("tenant_id")
@cache.secure(
    ttl=3600,
    master_key="a" * 64,
    tenant_extractor=lambda user_id: tenant_context.get(),
    backend=None
)
def get_user_data(user_id):
    tenant_id = tenant_context.get()
    return db.get_user_data(tenant_id, user_id) # illustrative - db not defined
# Each tenant gets separate encryption key
# Tenant A can't decrypt Tenant B's data
tenant_context.set("tenant_1")
data_a = get_user_data(123)
tenant_context.set("tenant_2")
data_b = get_user_data(123) # Same user_id, different tenant, different encryption
