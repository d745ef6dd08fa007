//! `#[cached]` on asynchronous functions, and on methods of both colours.

mod support;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cachekit::{Cache, Error, cached};
use support::{Calls, Failure, sealed};
use tokio::sync::Notify;

static CACHE: LazyLock<Cache> = LazyLock::new(sealed);

#[tokio::test]
async fn a_second_call_does_not_run_the_function() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE, secure, ttl = 60)]
    async fn double(n: u64) -> Result<u64, Error> {
        CALLS.add();
        tokio::task::yield_now().await;
        Ok(n * 2)
    }
    assert_eq!((double(4).await.unwrap(), double(4).await.unwrap()), (8, 8));
    assert_eq!(CALLS.count(), 1);
    assert_eq!(double_peek(4).await.unwrap(), Some(8));
    assert_eq!(double_refresh(4).await.unwrap(), 8);
    double_invalidate(4).await.unwrap();
    assert_eq!(double_peek(4).await.unwrap(), None);
    double(4).await.unwrap();
    double_clear().await.unwrap();
    assert_eq!(double_peek(4).await.unwrap(), None);
    assert_eq!(CALLS.count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_compute_once_and_the_future_can_be_sent() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    async fn slow(id: u32) -> u32 {
        CALLS.add();
        tokio::time::sleep(Duration::from_millis(50)).await;
        id + 1
    }
    let tasks: Vec<_> = (0..50).map(|_| tokio::spawn(slow(1))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 2);
    }
    assert_eq!(CALLS.count(), 1);
}

#[tokio::test]
async fn an_error_reaches_everybody_who_waited() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    async fn fails(_id: u32) -> Result<u32, Failure> {
        CALLS.add();
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(Failure("down"))
    }
    // One thread: all ten ask before the first is done.
    let all = futures_util::future::join_all((0..10).map(|_| fails(1))).await;
    assert!(all.iter().all(|result| *result == Err(Failure("down"))));
    assert_eq!(CALLS.count(), 1);
}

#[tokio::test]
async fn a_cancelled_leader_hands_the_turn_on() {
    static CALLS: Calls = Calls::new();
    static STARTED: Notify = Notify::const_new();
    #[cached(cache = CACHE)]
    async fn stuck(id: u32) -> u32 {
        if CALLS.add() == 0 {
            STARTED.notify_one();
            std::future::pending::<()>().await;
        }
        id
    }
    let leader = tokio::spawn(stuck(9));
    STARTED.notified().await;
    let waiter = tokio::spawn(stuck(9));
    tokio::task::yield_now().await;
    leader.abort();
    assert_eq!(waiter.await.unwrap(), 9);
    assert_eq!(CALLS.count(), 2);
}

#[tokio::test]
async fn a_function_that_calls_itself_with_its_own_arguments_computes() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE)]
    async fn again(n: u64) -> u64 {
        if CALLS.add() < 2 { Box::pin(again(n)).await + 1 } else { n }
    }
    assert_eq!(again(10).await, 12);
}

#[test]
fn threads_and_tasks_share_one_computation() {
    static CALLS: Calls = Calls::new();
    #[cached(cache = CACHE, name = "both.colours")]
    fn slow(id: u32) -> u32 {
        CALLS.add();
        std::thread::sleep(Duration::from_millis(100));
        id
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let blocked = runtime.spawn_blocking(|| slow(4));
    assert_eq!(slow(4), 4);
    assert_eq!(runtime.block_on(blocked).unwrap(), 4);
    assert_eq!(CALLS.count(), 1);
}

struct Shop<T> {
    id: u32,
    cache: Cache,
    stock: T,
    calls: Arc<Calls>,
}

impl<T: Clone + Into<u64>> Shop<T> {
    fn new(id: u32, stock: T) -> Self {
        Self { id, cache: sealed(), stock, calls: Arc::new(Calls::new()) }
    }

    #[cached(cache = &self.cache, key = "{self.id}:{item}")]
    fn stock(&self, item: u64) -> u64 {
        self.calls.add();
        self.stock.clone().into() + item
    }

    #[cached(cache = &self.cache, ignore(self, note), ttl = "1m")]
    async fn price(&self, item: u64, note: impl std::fmt::Display) -> Result<String, Failure> {
        self.calls.add();
        Ok(format!("{item} {note}"))
    }

    #[cached(cache = CACHE)]
    fn width(factor: usize) -> Result<usize, Failure> {
        Ok(Self::bytes() * factor)
    }

    #[cached(cache = CACHE, associated)]
    fn blind(factor: usize) -> usize {
        size_of::<T>() * factor
    }

    fn bytes() -> usize {
        size_of::<T>()
    }
}

#[test]
fn a_key_tells_instances_apart() {
    let shop = Shop::new(1, 100_u64);
    assert_eq!((shop.stock(5), shop.stock(5)), (105, 105));
    assert_eq!(shop.calls.count(), 1);
    let twin = Shop { id: 2, stock: 200_u64, ..Shop::new(2, 0) };
    let twin = Shop { cache: shop.cache.clone(), ..twin };
    assert_eq!((twin.stock(5), shop.stock(5)), (205, 105));
    shop.stock_invalidate(5).unwrap();
    assert_eq!((shop.stock_peek(5).unwrap(), twin.stock_peek(5).unwrap()), (None, Some(205)));
    twin.stock_clear().unwrap();
    assert_eq!(twin.stock_peek(5).unwrap(), None);
}

#[tokio::test]
async fn an_ignored_self_is_the_same_for_all() {
    let shop = Shop::new(1, 100_u64);
    assert_eq!(shop.price(5, "EUR").await, Ok("5 EUR".into()));
    assert_eq!(shop.price(5, "CHF").await, Ok("5 EUR".into()));
    assert_eq!(shop.price_peek(5, "").await.unwrap(), Some("5 EUR".into()));
    assert_eq!(shop.price_refresh(5, "CHF").await, Ok("5 CHF".into()));
    // Another instantiation is another function, though the argument is ignored.
    assert_eq!(shop.price_peek(5, 17).await.unwrap(), None);
}

#[test]
fn a_generic_type_has_entries_for_each_instantiation() {
    assert_eq!((Shop::<u8>::width(3), Shop::<u64>::width(3)), (Ok(3), Ok(24)));
    assert_eq!((Shop::<u8>::blind(3), Shop::<u64>::blind(3)), (3, 24));
    assert_eq!((Shop::<u8>::blind(3), Shop::<u64>::blind(3)), (3, 24));
    assert_eq!(Shop::<u64>::blind_peek(3).unwrap(), Some(24));
}

trait Loader {
    fn load(&self, id: u32) -> Result<u32, Error>;
    fn load_later(
        &self,
        id: u32,
    ) -> impl Future<Output = Result<u32, std::num::ParseIntError>> + Send;
}

struct Fixed(Calls);

impl Loader for Fixed {
    #[cached(cache = CACHE, ignore(self), no_companions)]
    fn load(&self, mut id: u32) -> Result<u32, Error> {
        self.0.add();
        id += 1;
        Ok(id)
    }

    #[cached(cache = CACHE, ignore(self), no_companions)]
    async fn load_later(&self, id: u32) -> Result<u32, std::num::ParseIntError> {
        self.0.add();
        if id == 0 {
            return Ok(0);
        }
        let parsed: u32 = id.to_string().parse()?;
        Ok(parsed)
    }
}

#[tokio::test]
async fn methods_of_a_trait() {
    let loader = Fixed(Calls::new());
    assert_eq!((loader.load(1).unwrap(), loader.load(1).unwrap()), (2, 2));
    assert_eq!((loader.load_later(7).await, loader.load_later(7).await), (Ok(7), Ok(7)));
    assert_eq!(loader.0.count(), 2);
}
