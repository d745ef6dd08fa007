//! The Python face: a module of classes and functions over the facade, one concern to a file.
//!
//! A call goes through these files, in this order:
//!
//! | hit | miss |
//! |---|---|
//! | [`handle`] what the function became | [`fill`] wait, compute, write: on this thread |
//! | [`arguments`], [`tenant`] to a [`request`] | [`coroutine`], [`task`], [`ticket`]: the same, awaited |
//! | [`lookup`] the first level's answer | [`encode`] the value into bytes |
//! | [`serializer`], [`value`] the bytes into a value | [`detach`] the only place without the GIL |
//!
//! Beside them: [`decorator`], [`options`], [`plan`], [`registry`], [`function_state`] (how a handle
//! comes to be), [`own_store`] (a backend written in Python), [`frame_stream`] and
//! [`orjson_serializer`] (the serializers that are met without a detour), [`verbs`] and
//! [`cache_object`] (what else can be asked), [`errors`] (the one way out).
//!
//! Nothing is decided in Python: `cachekit/_drive.py` awaits what it is told to await.
#![forbid(unsafe_code)]

use cachekit::engine;
use pyo3::prelude::*;

mod arguments;
mod arrow_check;
mod body;
mod buffer;
mod cache_info;
mod cache_object;
mod configure;
mod coroutine;
mod decorator;
mod default_serializer;
mod descriptor;
mod detach;
mod encode;
mod encryption_wrapper;
mod errors;
mod exact;
mod fill;
mod flights;
mod frame_stream;
mod function;
mod function_state;
mod handle;
mod json;
mod json_check;
mod logging;
mod lookup;
mod options;
mod orjson_serializer;
mod own_store;
mod plan;
mod quantity;
mod raw_store;
mod reading;
mod registry;
mod request;
mod serializer;
mod store_check;
mod task;
mod tenant;
mod ticket;
mod value;
mod verbs;

/// The Rust half of cachekit. Import from `cachekit` instead.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::arguments::{digest_buffers, encode_arguments};
    #[pymodule_export]
    use crate::arrow_check::check_arrow;
    #[pymodule_export]
    use crate::cache_info::CacheInfo;
    #[pymodule_export]
    use crate::cache_object::CacheObject;
    #[pymodule_export]
    use crate::configure::{configure, reset};
    #[pymodule_export]
    use crate::decorator::Decorator;
    #[pymodule_export]
    use crate::default_serializer::DefaultSerializer;
    #[pymodule_export]
    use crate::encryption_wrapper::EncryptionWrapper;
    #[pymodule_export]
    use crate::function::Function;
    #[pymodule_export]
    use crate::handle::{AsyncCached, Cached};
    #[pymodule_export]
    use crate::json::{json_from_bytes, json_to_bytes};
    #[pymodule_export]
    use crate::orjson_serializer::OrjsonSerializer;
    #[pymodule_export]
    use crate::raw_store::RawStore;
    #[pymodule_export]
    use crate::store_check::check_store;
    #[pymodule_export]
    use crate::task::Pending;
    #[pymodule_export]
    use crate::ticket::Ticket;

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::logging::install();
        Ok(())
    }
}
