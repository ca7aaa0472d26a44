//! The files a page needs, inside the program: found under names that change with their contents, so that
//! browsers keep them for a year and never keep a wrong one.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/static"]
struct Embedded;

static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::fill);

/// The routes of all files, and of `/favicon.ico`, which browsers ask for unasked.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/static/{*path}", get(file))
        .route("/favicon.ico", get(favicon))
}

/// Where a page finds a file: `url("app.css")` is `/static/app.3f2a….css`.
#[must_use]
pub fn url(name: &str) -> String {
    SHELF.urls.get(name).cloned().unwrap_or_else(|| {
        tracing::error!(file = name, "a page asks for a file that is not in static/");
        format!("/static/{name}")
    })
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match SHELF.assets.get(&path) {
        Some(asset) => asset.answer(&headers, "public, max-age=31536000, immutable"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn favicon(headers: HeaderMap) -> Response {
    let icon = SHELF
        .urls
        .get("icon.svg")
        .and_then(|url| SHELF.assets.get(url.trim_start_matches("/static/")));
    match icon {
        Some(asset) => asset.answer(&headers, "public, max-age=86400"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Default)]
struct Shelf {
    /// By hashed path.
    assets: HashMap<String, Asset>,
    /// From name to URL.
    urls: HashMap<String, String>,
}

impl Shelf {
    /// Style sheets come last, because they name the others.
    fn fill() -> Self {
        let mut shelf = Self::default();
        let mut names: Vec<_> = Embedded::iter().collect();
        names.sort_by_key(|name| (name.ends_with(".css"), name.clone()));
        for name in names {
            let Some(embedded) = Embedded::get(&name) else {
                continue;
            };
            let bytes = match embedded.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            };
            let bytes = if name.ends_with(".css") {
                shelf.with_hashed_names(&name, bytes)
            } else {
                bytes
            };
            shelf.add(&name, bytes);
        }
        shelf
    }

    fn add(&mut self, name: &str, plain: Bytes) {
        let digest = Sha256::digest(&plain);
        let hash: String = data_encoding::HEXLOWER.encode(&digest).chars().take(10).collect();
        let path = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
            None => format!("{name}.{hash}"),
        };
        self.urls.insert(name.to_owned(), format!("/static/{path}"));
        let (content_type, is_text) = content_type(name);
        self.assets.insert(
            path,
            Asset {
                hash,
                content_type,
                is_text,
                plain,
                gzip: OnceLock::new(),
            },
        );
    }

    /// A style sheet with `url(font.woff2)` made to name the file as it is served.
    fn with_hashed_names(&self, name: &str, sheet: Bytes) -> Bytes {
        let Ok(text) = std::str::from_utf8(&sheet) else {
            return sheet;
        };
        let folder = name
            .rsplit_once('/')
            .map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let mut parts = text.split("url(");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            result.push_str("url(");
            let Some((target, after)) = part.split_once(')') else {
                result.push_str(part);
                continue;
            };
            let file = target.trim().trim_matches(['"', '\'']).trim_start_matches("./");
            result.push_str(
                self.urls
                    .get(&format!("{folder}{file}"))
                    .map_or(target, String::as_str),
            );
            result.push(')');
            result.push_str(after);
        }
        result.into()
    }
}

struct Asset {
    hash: String,
    content_type: &'static str,
    is_text: bool,
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

impl Asset {
    fn answer(&self, request: &HeaderMap, cache: &'static str) -> Response {
        let packed = if accepts_gzip(request) {
            self.packed()
        } else {
            None
        };
        let etag = format!("\"{}{}\"", self.hash, if packed.is_some() { "-gz" } else { "" });
        let is_known = request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|value| names(value, &etag));
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        if self.is_text {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        *response.body_mut() = Body::from(packed.unwrap_or_else(|| self.plain.clone()));
        response
    }

    /// Packed once, at first use, if that makes it smaller.
    fn packed(&self) -> Option<Bytes> {
        let pack = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&self.plain).ok()?;
            let bytes = encoder.finish().ok()?;
            (bytes.len() < self.plain.len()).then(|| Bytes::from(bytes))
        };
        if self.is_text {
            self.gzip.get_or_init(pack).clone()
        } else {
            None
        }
    }
}

fn accepts_gzip(request: &HeaderMap) -> bool {
    let lines = request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut codings = lines.flat_map(|line| line.split(','));
    codings.any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let is_refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

fn names(value: &HeaderValue, etag: &str) -> bool {
    let tags = value.to_str().unwrap_or_default();
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// The content type by the name's end, and whether it is worth packing.
fn content_type(name: &str) -> (&'static str, bool) {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => ("text/css; charset=utf-8", true),
        "js" => ("text/javascript; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "json" | "map" => ("application/json", true),
        "txt" | "md" => ("text/plain; charset=utf-8", true),
        "html" => ("text/html; charset=utf-8", true),
        "woff2" => ("font/woff2", false),
        "png" => ("image/png", false),
        "webp" => ("image/webp", false),
        "ico" => ("image/x-icon", false),
        _ => ("application/octet-stream", false),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = http::Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        routes::<()>()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_file_is_kept_for_a_year_under_a_name_that_changes_with_it() {
        let url = url("icon.svg");
        let hash = url
            .strip_prefix("/static/icon.")
            .and_then(|rest| rest.strip_suffix(".svg"));
        assert_eq!(hash.map(str::len), Some(10), "{url}");
        let response = get(&url, &[]).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "image/svg+xml");
        assert_eq!(
            response.headers()["cache-control"],
            "public, max-age=31536000, immutable"
        );

        let etag = response.headers()["etag"].to_str().unwrap().to_owned();
        let again = get(&url, &[("if-none-match", &etag)]).await;
        assert_eq!(again.status(), 304);
    }

    #[tokio::test]
    async fn a_text_is_packed_for_those_who_can_unpack_it() {
        let url = url("icon.svg");
        let packed = get(&url, &[("accept-encoding", "br, gzip;q=0.5")]).await;
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        let bytes = packed.into_body().collect().await.unwrap().to_bytes();
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut plain).unwrap();
        assert_eq!(plain, &*Embedded::get("icon.svg").unwrap().data);
        let refused = get(&url, &[("accept-encoding", "gzip;q=0")]).await;
        assert!(!refused.headers().contains_key("content-encoding"));
    }

    /// What travels when a browser asks for this file.
    async fn weight(name: &str) -> usize {
        let response = get(&url(name), &[("accept-encoding", "gzip")]).await;
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!bytes.is_empty(), "{name}");
        bytes.len()
    }

    #[tokio::test]
    async fn a_first_view_and_its_scripts_stay_light() {
        let own = weight("app.js").await;
        let scripts = own + weight("htmx.min.js").await;
        assert!(scripts <= 16 << 10, "{scripts} bytes of scripts");

        let mut first_view = own + (8 << 10); // a page itself is never heavier
        for name in [
            "app.css",
            "icon.svg",
            "icons.svg",
            "fonts/atkinson-next-latin.woff2",
        ] {
            first_view += weight(name).await;
        }
        assert!(first_view <= 60 << 10, "{first_view} bytes at first");
    }

    #[tokio::test]
    async fn anything_else_is_not_found() {
        for path in [
            "/static/icon.svg",
            "/static/",
            "/static/../Cargo.toml",
            "/static/nothing.css",
        ] {
            assert_eq!(get(path, &[]).await.status(), 404, "{path}");
        }
    }

    #[tokio::test]
    async fn the_icon_is_found_where_browsers_look() {
        assert_eq!(
            get("/favicon.ico", &[]).await.headers()["content-type"],
            "image/svg+xml"
        );
    }

    #[test]
    fn a_style_sheet_names_its_fonts_as_they_are_served() {
        let mut shelf = Shelf::default();
        shelf.add("fonts/a.woff2", Bytes::from_static(b"font"));
        let sheet =
            Bytes::from_static(b"@font-face{src:url(\"fonts/a.woff2\") format('woff2')} b{c:url(#d)}");
        let text = shelf.with_hashed_names("app.css", sheet);
        let expected = format!(
            "@font-face{{src:url({}) format('woff2')}} b{{c:url(#d)}}",
            shelf.urls["fonts/a.woff2"]
        );
        assert_eq!(text, expected);
    }
}
