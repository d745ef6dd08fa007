//! A hit in the process on a six-field struct, ours beside the peer crates.
//!
//! Prints one line of JSON: for each contestant the nanoseconds of one call, many times over. Those
//! who measure take turns, so that whatever else the machine does falls on all of them alike.

mod forgetful;
mod record;
mod turns;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use forgetful::Forgetful;
use record::Record;
use tokio::runtime::{Builder, Runtime};
use turns::{Contestant, measure};

const MASTER_KEY: [u8; 32] = [0x3b; 32];
const KEY: &str = "record:4711";
const LIFE: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let contestants =
        [ours(&runtime)?, ours_blocking()?, ours_plain()?, rival(&runtime)?, moka_plain()];
    let taken = measure(contestants);
    println!("{}", serde_json::to_string(&taken)?);
    Ok(())
}

fn sealed() -> Result<ours::Cache, ours::Error> {
    let cache = ours::Cache::builder().memory_only().secure("3b".repeat(32)).build()?;
    cache.blocking().set(KEY, &Record::example(), LIFE)?;
    Ok(cache)
}

fn ours(runtime: &Runtime) -> Result<Contestant<'_>, ours::Error> {
    let cache = sealed()?;
    Ok(Contestant::new("cachekit, sealed, async", move |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                black_box(cache.get::<Record>(black_box(KEY)).await.ok().flatten());
            }
        });
    }))
}

fn ours_blocking<'a>() -> Result<Contestant<'a>, ours::Error> {
    let cache = sealed()?;
    Ok(Contestant::new("cachekit, sealed", move |calls| {
        let cache = cache.blocking();
        for _ in 0..calls {
            black_box(cache.get::<Record>(black_box(KEY)).ok().flatten());
        }
    }))
}

fn ours_plain<'a>() -> Result<Contestant<'a>, ours::Error> {
    let cache = ours::Cache::builder().memory_only().build()?;
    cache.blocking().set(KEY, &Record::example(), LIFE)?;
    Ok(Contestant::new("cachekit, plain", move |calls| {
        let cache = cache.blocking();
        for _ in 0..calls {
            black_box(cache.get::<Record>(black_box(KEY)).ok().flatten());
        }
    }))
}

fn rival(runtime: &Runtime) -> Result<Contestant<'_>, Box<dyn Error>> {
    let cache = rival::CacheKit::builder()
        .backend(Arc::new(Forgetful))
        .encryption_from_bytes(&MASTER_KEY, "bench")?
        .build()?;
    runtime.block_on(cache.set_with_ttl(KEY, &Record::example(), LIFE))?;
    runtime.block_on(cache.get::<Record>(KEY))?.ok_or("the rival does not hit")?;
    Ok(Contestant::new("cachekit-rs 0.13.1, sealed", move |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                black_box(cache.get::<Record>(black_box(KEY)).await.ok().flatten());
            }
        });
    }))
}

fn moka_plain<'a>() -> Contestant<'a> {
    let cache = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(LIFE).build();
    cache.insert(KEY, Record::example());
    Contestant::new("moka 0.12, plain", move |calls| {
        for _ in 0..calls {
            black_box(cache.get(black_box(KEY)));
        }
    })
}
