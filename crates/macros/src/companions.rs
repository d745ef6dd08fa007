//! The functions beside a cached one.
//!
//! They are functions, not a module or a type, so that the same rule holds for free functions,
//! methods and associated functions: `load` has `load_refresh`, `load_peek`, `load_invalidate`,
//! `load_clear` and `load_uncached`, with its own visibility, sync or async as it is.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Ident, ItemFn, Result, Signature};

use crate::expand;
use crate::function::{Argument, Function, mentions};
use crate::options::Options;

/// `load`, `refresh` → `load_refresh`.
pub(crate) fn sibling(function: &Function, verb: &str) -> Ident {
    format_ident!("{}_{}", function.ident(), verb, span = function.ident().span())
}

/// The body under a name of its own: what runs on a miss.
fn uncached(function: &Function) -> TokenStream {
    let ItemFn { attrs, vis, sig, block } = &function.item;
    let attributes = attrs.iter().filter(|a| follows_body(a));
    let mut signature = sig.clone();
    signature.ident = sibling(function, "uncached");
    let doc = format!("Runs the body of `{}`, past the cache.", function.ident());
    // What the attribute uses is used, whether the body needs it or not.
    let used = function.arguments.iter().filter(|a| a.named).map(|a| &a.ident);
    let used: Vec<_> = used.collect();
    let body =
        if used.is_empty() { quote!(#block) } else { quote!({ #(let _ = &#used;)* #block }) };
    quote! {
        #(#attributes)*
        #[doc = #doc]
        #vis #signature #body
    }
}

/// Every companion, or none: an `impl` of a trait has no place for them.
pub(crate) fn all(function: &Function, options: &Options) -> Result<TokenStream> {
    if options.no_companions.is_some() {
        return Ok(TokenStream::new());
    }
    let mut companions = uncached(function);
    companions.extend(refresh(function, options)?);
    companions.extend(peek(function, options)?);
    companions.extend(invalidate(function, options)?);
    companions.extend(clear(function, options));
    Ok(companions)
}

fn refresh(function: &Function, options: &Options) -> Result<TokenStream> {
    let mut signature = function.item.sig.clone();
    signature.ident = sibling(function, "refresh");
    signature.inputs = expand::inputs(function, |_| true);
    let lookup = expand::lookup(function, options, &signature.ident.to_string())?;
    let shape = expand::shape(function);
    let compute = expand::compute(function, options);
    let begin = quote!(::cachekit::__private::begin_refresh(#lookup, #shape));
    let run = if function.is_async() {
        quote!(or_compute(#compute).await)
    } else {
        quote!(or_compute_blocking(#compute))
    };
    let doc = format!("Runs `{}` and replaces its entry, whatever that is.", function.ident());
    let call = Ident::new("call", proc_macro2::Span::mixed_site());
    Ok(emit(function, &doc, &signature, &quote!({ let #call = #begin; #call.#run })))
}

fn peek(function: &Function, options: &Options) -> Result<TokenStream> {
    let returns = &function.returns;
    let (value, verb) = match function.ok_type() {
        Some(ok) => (ok, quote!(value)),
        None => (returns, quote!(whole)),
    };
    let output =
        quote!(-> ::core::result::Result<::core::option::Option<#value>, ::cachekit::Error>);
    let signature = keyed(function, "peek", output);
    let lookup = expand::lookup(function, options, &signature.ident.to_string())?;
    let shape = expand::shape(function);
    let doc = format!(
        "The cached value of `{}` for these arguments, if there is one; never computes.",
        function.ident()
    );
    let run = finish(function, &quote!(::cachekit::__private::peek(#lookup, #shape)));
    Ok(emit(function, &doc, &signature, &quote!({ #run.map(|found| found.#verb()) })))
}

fn invalidate(function: &Function, options: &Options) -> Result<TokenStream> {
    let output = quote!(-> ::core::result::Result<(), ::cachekit::Error>);
    let signature = keyed(function, "invalidate", output);
    let lookup = expand::lookup(function, options, &signature.ident.to_string())?;
    let doc =
        format!("Forgets the value of `{}` for these arguments, everywhere.", function.ident());
    let run = finish(function, &quote!(::cachekit::__private::invalidate(#lookup)));
    Ok(emit(function, &doc, &signature, &quote!({ #run })))
}

/// Left out where the cache is found through an argument: there is no call to take it from.
fn clear(function: &Function, options: &Options) -> TokenStream {
    let cache = options.cache.as_ref().map(ToTokens::to_token_stream).unwrap_or_default();
    let through_argument =
        function.arguments.iter().any(|a| mentions(cache.clone(), &a.ident.to_string()));
    if through_argument {
        return TokenStream::new();
    }
    let output = quote!(-> ::core::result::Result<(), ::cachekit::Error>);
    let mut signature = keyed(function, "clear", output);
    let through_self = mentions(cache, "self");
    signature.inputs = expand::inputs(function, |_| false);
    if !through_self {
        signature.inputs.clear();
    }
    let target = expand::target(function, options, &signature.ident.to_string());
    let doc = format!("Forgets every value of `{}`, everywhere.", function.ident());
    let run = finish(function, &quote!(::cachekit::__private::clear(&#target)));
    emit(function, &doc, &signature, &quote!({ #run }))
}

/// The function's signature with the arguments that count, and another result.
fn keyed(function: &Function, verb: &str, output: TokenStream) -> Signature {
    let mut signature = function.item.sig.clone();
    signature.ident = sibling(function, verb);
    signature.inputs = expand::inputs(function, |a: &Argument| a.counts);
    signature.output = syn::parse_quote!(#output);
    signature
}

fn finish(function: &Function, call: &TokenStream) -> TokenStream {
    if function.is_async() { quote!(#call.run().await) } else { quote!(#call.run_blocking()) }
}

fn emit(function: &Function, doc: &str, signature: &Signature, body: &TokenStream) -> TokenStream {
    let visibility = &function.item.vis;
    let conditions = function.item.attrs.iter().filter(|a| a.path().is_ident("cfg"));
    quote! {
        #(#conditions)*
        #[doc = #doc]
        #[allow(
            dead_code,
            unused_variables,
            clippy::too_many_arguments,
            reason = "one of the set that `cached` makes"
        )]
        #visibility #signature #body
    }
}

fn follows_body(attribute: &Attribute) -> bool {
    let both = ["cfg", "allow"].iter().any(|name| attribute.path().is_ident(name));
    both || !expand::stays_outside(attribute)
}
