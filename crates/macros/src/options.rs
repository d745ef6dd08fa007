//! What was written between the parentheses of `#[cached(...)]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Result, Token, parenthesized};

use crate::suggest;

/// Every word that may stand there.
pub(crate) const KNOWN: &[&str] = &[
    "ttl",
    "secure",
    "name",
    "namespace",
    "version",
    "key",
    "ignore",
    "tenant",
    "cache",
    "associated",
    "no_companions",
];

/// The options of one `#[cached]`, checked one by one and against each other.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) ttl: Option<Ttl>,
    pub(crate) secure: Option<Span>,
    pub(crate) name: Option<LitStr>,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) key: Option<Expr>,
    pub(crate) ignore: Vec<Ident>,
    pub(crate) tenant: Option<Expr>,
    pub(crate) cache: Option<Expr>,
    pub(crate) associated: Option<Span>,
    pub(crate) no_companions: Option<Span>,
}

/// A time to live as written.
pub(crate) enum Ttl {
    /// `"5m"`, or `300` for seconds: parsed when the program is compiled.
    Text(LitStr),
    /// A constant `Duration`.
    Constant(Expr),
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            if seen.contains(&word) {
                return Err(Error::new(word.span(), format!("`{word}` is given twice")));
            }
            options.set(&word, input)?;
            seen.push(word);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        options.check()?;
        Ok(options)
    }
}

impl Options {
    fn set(&mut self, word: &Ident, input: ParseStream<'_>) -> Result<()> {
        match word.to_string().as_str() {
            "ttl" => self.ttl = Some(ttl(value(word, "\"5m\"", input)?)?),
            "secure" => {
                self.secure = Some(flag(
                    word,
                    "keys come from the cache, from `cachekit::configure` or from CACHEKIT_MASTER_KEY, never from source code",
                    input,
                )?)
            }
            "name" => self.name = Some(text(word, input)?),
            "namespace" => self.namespace = Some(text(word, input)?),
            "version" => self.version = Some(version(word, input)?),
            "key" => self.key = Some(value(word, "\"user:{user_id}\"", input)?),
            "ignore" => self.ignore = names(word, input)?,
            "tenant" => self.tenant = Some(value(word, "tenant_id", input)?),
            "cache" => self.cache = Some(value(word, "&self.cache", input)?),
            "associated" => {
                self.associated = Some(flag(
                    word,
                    "it marks an associated function that never mentions `Self`",
                    input,
                )?)
            }
            "no_companions" => {
                self.no_companions =
                    Some(flag(word, "it leaves the functions beside this one out", input)?)
            }
            other => {
                let hint = suggest::hint(other, KNOWN);
                let known = KNOWN.join(", ");
                let message = format!("unknown option `{other}`{hint}\nknown options: {known}");
                return Err(Error::new(word.span(), message));
            }
        }
        Ok(())
    }

    /// A setting that does nothing is an error.
    fn check(&self) -> Result<()> {
        if let (Some(_), Some(ignored)) = (&self.key, self.ignore.first()) {
            let message = "`ignore` does nothing beside `key`, which alone says what counts";
            return Err(Error::new(ignored.span(), message));
        }
        Ok(())
    }
}

fn value(word: &Ident, example: &str, input: ParseStream<'_>) -> Result<Expr> {
    if !input.peek(Token![=]) {
        let message = format!("`{word}` needs a value: `{word} = {example}`");
        return Err(Error::new(word.span(), message));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

fn flag(word: &Ident, why: &str, input: ParseStream<'_>) -> Result<Span> {
    if input.peek(Token![=]) || input.peek(syn::token::Paren) {
        return Err(Error::new(word.span(), format!("`{word}` takes no value: {why}")));
    }
    Ok(word.span())
}

fn text(word: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    match value(word, "\"users\"", input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if !text.value().is_empty() => Ok(text),
        other => Err(Error::new_spanned(other, format!("`{word}` is a string literal, not empty"))),
    }
}

fn version(word: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    match value(word, "2", input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if !text.value().is_empty() => Ok(text),
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            Ok(LitStr::new(number.base10_digits(), number.span()))
        }
        other => Err(Error::new_spanned(other, "`version` is a number or a string literal")),
    }
}

fn ttl(written: Expr) -> Result<Ttl> {
    match written {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(Ttl::Text(text)),
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            Ok(Ttl::Text(LitStr::new(number.base10_digits(), number.span())))
        }
        Expr::Lit(other) => {
            Err(Error::new_spanned(other, "`ttl` is a duration: \"5m\", or 300 for seconds"))
        }
        constant => Ok(Ttl::Constant(constant)),
    }
}

fn names(word: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    if !input.peek(syn::token::Paren) {
        let message = "`ignore` names arguments: `ignore(db)`";
        return Err(Error::new(word.span(), message));
    }
    let inside;
    parenthesized!(inside in input);
    let listed: Punctuated<Ident, Token![,]> =
        inside.parse_terminated(syn::ext::IdentExt::parse_any, Token![,])?;
    if listed.is_empty() {
        return Err(Error::new(word.span(), "`ignore()` names no argument"));
    }
    Ok(listed.into_iter().collect())
}
