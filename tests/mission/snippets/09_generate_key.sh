# Generate secure master key
export CACHEKIT_MASTER_KEY=$(openssl rand -hex 32)
