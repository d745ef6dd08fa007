//! Two tenants, one cache, and a look at what the store holds. No service needed:
//!
//! ```sh
//! cargo run --example tenants
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::prelude::*;

/// How often the "database" was asked.
static ASKED: AtomicUsize = AtomicUsize::new(0);

struct Billing {
    cache: Cache,
}

impl Billing {
    /// The tenant has keys, names and entries of its own; `self` does not count.
    #[cached(cache = &self.cache, secure, tenant = tenant, ignore(self), ttl = "10m")]
    async fn invoice(&self, tenant: &str, number: u32) -> Result<String, Error> {
        ASKED.fetch_add(1, Ordering::Relaxed);
        Ok(format!("invoice {number} of {tenant}: 1200 EUR"))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // A store inside this process, in the place of Redis.
    let cache = Cache::builder().url("memory://billing").secure("3bd2e5".repeat(11)).build()?;
    let billing = Billing { cache: cache.clone() };

    println!("{}", billing.invoice("acme", 17).await?);
    println!("{}", billing.invoice("bell", 17).await?);
    println!("{}  (cached)", billing.invoice("acme", 17).await?);
    println!("the database was asked {} times\n", ASKED.load(Ordering::Relaxed));

    // The same key, for two tenants: neither sees the other's value.
    let (acme, bell) = (cache.for_tenant("acme"), cache.for_tenant("bell"));
    acme.set("plan", &"gold".to_owned(), Duration::from_secs(60)).await?;
    println!("acme's plan: {:?}", acme.get::<String>("plan").await?);
    println!("bell's plan: {:?}\n", bell.get::<String>("plan").await?);

    println!("where the store keeps them (nothing in it tells tenant, key or function):");
    println!("  acme  {}", acme.key("plan")?);
    println!("  bell  {}", bell.key("plan")?);

    // No tenant by accident: the call is refused, and the function does not run.
    let refused = billing.invoice("", 17).await;
    println!("\nwithout a tenant: {}", refused.err().map(|e| e.to_string()).unwrap_or_default());
    Ok(())
}
