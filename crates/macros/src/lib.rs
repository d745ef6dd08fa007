//! The `#[cached]` attribute. Use it through the `cachekit` facade, which documents and tests it.
//!
//! | file | what it answers |
//! |---|---|
//! | `options` | what was written between the parentheses |
//! | `template` | the fields of `key = "user:{id}"` |
//! | `suggest` | what a misspelt word was meant to be |
//! | `function` | what the function is: arguments, receiver, what counts to its key |
//! | `expand` | the call into the facade that takes the body's place |
//! | `companions` | the functions beside it: `_uncached`, `_refresh`, `_peek`, `_invalidate`, `_clear` |
//!
//! The attribute parses and emits; every decision is taken in `cachekit::__private`, in code that
//! can be read, tested and stepped through.
#![forbid(unsafe_code)]

mod companions;
mod expand;
mod function;
mod options;
mod suggest;
mod template;

use proc_macro::TokenStream;

/// Caches what the function returns, by its arguments. See `cachekit::cached`.
#[proc_macro_attribute]
pub fn cached(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::cached(options.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
