//! The call into the facade that takes the body's place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, FnArg, Ident, ItemFn, Lit, Result};

use crate::function::Function;
use crate::options::{Options, Ttl};
use crate::{companions, template};

pub(crate) fn cached(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options: Options = syn::parse2(options)?;
    let item: ItemFn = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), "`#[cached]` goes on a function with a body, async or not")
    })?;
    let function = Function::new(item, &options)?;
    let outer = outer(&function, &options)?;
    let companions = companions::all(&function, &options)?;
    Ok(quote!(#outer #companions))
}

/// The function under its own name.
fn outer(function: &Function, options: &Options) -> Result<TokenStream> {
    let alone = options.no_companions.is_some();
    let attributes = function.item.attrs.iter().filter(|a| alone || stays_outside(a));
    let visibility = &function.item.vis;
    let mut signature = function.item.sig.clone();
    if !alone {
        signature.inputs = inputs(function, |_| true);
    }
    let begin = begin(function, options, &unraw(function.ident()))?;
    let compute = compute(function, options);
    let or_compute = if function.is_async() {
        quote!(or_compute(#compute).await)
    } else {
        quote!(or_compute_blocking(#compute))
    };
    let call = Ident::new("call", Span::mixed_site());
    Ok(quote! {
        #(#attributes)*
        #visibility #signature {
            let #call = #begin;
            #call.#or_compute
        }
    })
}

/// `begin(site, cache, tenant, key, shape)`: names the entry, and looks into the first level.
fn begin(function: &Function, options: &Options, emitted: &str) -> Result<TokenStream> {
    let lookup = lookup(function, options, emitted)?;
    let shape = shape(function);
    Ok(quote!(::cachekit::__private::begin(#lookup, #shape)))
}

/// What every companion needs to find the entry.
pub(crate) fn lookup(function: &Function, options: &Options, emitted: &str) -> Result<TokenStream> {
    let key = key(function, options)?;
    let target = target(function, options, emitted);
    let tenant = match &options.tenant {
        Some(tenant) => quote_spanned!(tenant.span()=> ::cachekit::__private::tenant(&(#tenant))),
        None => quote!(::cachekit::__private::Tenancy::None),
    };
    Ok(quote!(&#target, #tenant, #key))
}

/// The site, and the cache it uses.
pub(crate) fn target(function: &Function, options: &Options, emitted: &str) -> TokenStream {
    let site = site(function, options, emitted);
    let returns = &function.returns;
    let cache = match &options.cache {
        Some(cache) => quote_spanned!(cache.span()=> ::cachekit::__private::explicit(&(#cache))),
        None => quote!(::cachekit::__private::default_cache()),
    };
    quote! {
        ::cachekit::__private::Target {
            site: #site,
            // What the compiler calls this place: module, type and parameters included.
            path: ::core::any::type_name_of_val(&|| ()),
            emitted: #emitted,
            returns: ::core::any::type_name::<#returns>(),
            cache: #cache,
        }
    }
}

fn site(function: &Function, options: &Options, emitted: &str) -> TokenStream {
    let name = unraw(function.ident());
    let mut site =
        quote!(::cachekit::__private::Site::new(#name, ::core::file!(), ::core::line!()));
    for (method, value) in
        [("name", &options.name), ("namespace", &options.namespace), ("version", &options.version)]
    {
        let method = format_ident!("{method}");
        if let Some(value) = value {
            site.extend(quote!(.#method(#value)));
        }
    }
    if let Some(ttl) = &options.ttl {
        let ttl = duration(ttl, emitted == name);
        site.extend(quote!(.ttl(#ttl)));
    }
    if options.secure.is_some() {
        site.extend(quote!(.secure()));
    }
    quote!({
        static SITE: ::cachekit::__private::Site = #site;
        &SITE
    })
}

/// Text is parsed when the program is compiled. What is wrong with it is the compiler's error, once:
/// where the function itself is emitted, not at its companions.
fn duration(ttl: &Ttl, reported_here: bool) -> TokenStream {
    let text = match ttl {
        Ttl::Text(text) => text,
        Ttl::Constant(constant) => return constant.to_token_stream(),
    };
    let wrong = if reported_here {
        quote_spanned!(text.span()=> ::core::panic!("{}", error.message()))
    } else {
        quote!({
            let _ = error;
            ::core::time::Duration::ZERO
        })
    };
    quote_spanned! {text.span()=>
        match ::cachekit::duration::parse(#text) {
            ::core::result::Result::Ok(ttl) => ttl,
            ::core::result::Result::Err(error) => #wrong,
        }
    }
}

/// The closure that writes the key: the application's own, or the call's arguments by name.
fn key(function: &Function, options: &Options) -> Result<TokenStream> {
    let out = Ident::new("out", Span::mixed_site());
    let written = match &options.key {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(template), .. })) => {
            let fields = template::fields(template)?;
            quote_spanned!(template.span()=>
                ::cachekit::__private::keyed(#out, &(#template, #(&#fields,)*)))
        }
        Some(key) => quote_spanned!(key.span()=> ::cachekit::__private::keyed(#out, &(#key))),
        None => {
            let call = Ident::new("call", Span::mixed_site());
            let counted = function.arguments.iter().filter(|a| !options.ignore.contains(&a.ident));
            let counted = counted.map(|argument| {
                let (ident, name) = (&argument.ident, unraw(&argument.ident));
                quote_spanned! {ident.span()=>
                    ::cachekit::__private::argument(#call, #name, &#ident)?;
                }
            });
            quote!(::cachekit::__private::arguments(#out, |#call| {
                #(#counted)*
                ::core::result::Result::Ok(())
            }))
        }
    };
    Ok(quote!(|#out: &mut ::std::vec::Vec<u8>| #written))
}

fn unraw(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// How the return type is taken apart, chosen by its type (not by its text: an alias of `Result`
/// is a `Result`).
pub(crate) fn shape(function: &Function) -> TokenStream {
    let returns = &function.returns;
    // An error that borrows cannot be handed to other threads; method lookup does not see
    // lifetimes, so it is told here.
    let sharing =
        if function.borrows() { quote!() } else { quote!(.sharing((&returned).sharing())) };
    quote!({
        #[allow(unused_imports, reason = "which of them is found depends on the type")]
        use ::cachekit::__private::returned::{
            Errors as _, Plain as _, Reports as _, Returned, Shares as _,
            Silent as _, Turns as _,
        };
        let returned = Returned::<#returns>::NEW;
        (&returned).shape().reporting((&returned).reporting())#sharing
    })
}

/// The closure that runs the body: a call of its sibling, or, without companions, the body itself.
pub(crate) fn compute(function: &Function, options: &Options) -> TokenStream {
    if options.no_companions.is_some() {
        let (returns, block) = (&function.returns, &function.item.block);
        return if function.is_async() {
            // The binding tells `?` inside what it converts to.
            quote!(move || async move {
                let returned: #returns = async move #block.await;
                returned
            })
        } else {
            quote!(move || -> #returns #block)
        };
    }
    let uncached = companions::sibling(function, "uncached");
    let turbofish = function.turbofish();
    let path = if function.in_impl(options) { quote!(Self::) } else { quote!() };
    let receiver = function.receiver().map(|_| quote!(self,));
    let arguments = function.arguments.iter().map(|a| &a.ident);
    quote!(move || #path #uncached #turbofish (#receiver #(#arguments),*))
}

/// The receiver and the arguments that `wanted` keeps.
pub(crate) fn inputs(
    function: &Function,
    wanted: impl Fn(&crate::function::Argument) -> bool,
) -> syn::punctuated::Punctuated<FnArg, syn::Token![,]> {
    let receiver = function.receiver().cloned().map(|mut receiver| {
        if let FnArg::Receiver(by_value) = &mut receiver
            && by_value.reference.is_none()
        {
            by_value.mutability = None;
        }
        receiver
    });
    let kept = function.arguments.iter().filter(|a| wanted(a));
    receiver.into_iter().chain(kept.map(|a| FnArg::Typed(a.declared.clone()))).collect()
}

/// Attributes that speak to the caller stay with the name; all others follow the body.
pub(crate) fn stays_outside(attribute: &Attribute) -> bool {
    ["doc", "must_use", "deprecated", "cfg", "allow"].iter().any(|n| attribute.path().is_ident(n))
}
