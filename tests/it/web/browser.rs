//! A browser without scripts: follows links and redirects, keeps cookies, fills in forms that it was shown.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use postdesk::service::App;
use tower::ServiceExt as _;

use crate::support::app::TestApp;
use crate::support::person::Person;

/// A browser of one person.
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What a browser shows.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn new(app: &App) -> Self {
        Self {
            router: postdesk::http::web::router(app.clone()),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser that reaches the portal by https.
    pub(crate) fn by_https(app: &TestApp) -> Self {
        Self {
            router: postdesk::http::web::router(app.reached_at("https://portal.example")),
            cookies: BTreeMap::new(),
        }
    }

    /// A browser in which somebody has signed in.
    pub(crate) async fn of(app: &App, person: &Person<'_>) -> Self {
        let mut browser = Self::new(app);
        browser.sign_in(&person.email, &person.password).await;
        browser
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Shown {
        let page = self.get("/sign-in").await;
        self.send(&page, "/sign-in", &[("login", email), ("password", password)])
            .await
    }

    /// One request, without following where it leads.
    pub(crate) async fn once(
        &mut self,
        method: Method,
        path: &str,
        body: &str,
    ) -> (StatusCode, http::HeaderMap, String) {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") || value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            String::from_utf8(bytes.to_vec()).unwrap(),
        )
    }

    /// Opens a page, and goes where it leads.
    pub(crate) async fn get(&mut self, path: &str) -> Shown {
        self.go(Method::GET, path, "").await
    }

    async fn go(&mut self, method: Method, path: &str, body: &str) -> Shown {
        let (mut method, mut path, mut body) = (method, path.to_owned(), body.to_owned());
        for _ in 0..5 {
            let (status, headers, text) = self.once(method.clone(), &path, &body).await;
            match headers.get(header::LOCATION) {
                Some(to) => {
                    assert_eq!(status, StatusCode::SEE_OTHER, "{path}");
                    to.to_str().unwrap().clone_into(&mut path);
                    (method, body) = (Method::GET, String::new());
                }
                None => return Shown { status, path, text },
            }
        }
        panic!("{path} leads in circles");
    }

    /// Sends the form of a page that posts to `action`, with these fields changed.
    pub(crate) async fn send(&mut self, page: &Shown, action: &str, fields: &[(&str, &str)]) -> Shown {
        let mut pairs = page.fields(action);
        for (name, value) in fields {
            pairs.retain(|(have, _)| have != name);
            pairs.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = serde_html_form::to_string(&pairs).unwrap();
        self.go(Method::POST, action, &body).await
    }

    /// Sends a form that nobody was shown.
    pub(crate) async fn post(&mut self, action: &str, body: &str) -> Shown {
        self.go(Method::POST, action, body).await
    }
}

impl Shown {
    /// Whether the page has this text, wherever a long address may be broken.
    fn has(&self, text: &str) -> bool {
        self.text.contains(text) || self.text.replace("<wbr>", "").contains(text)
    }

    /// Asserts that the page has this text.
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(
            self.has(text),
            "{} does not say {text:?}:\n{}",
            self.path,
            self.words()
        );
        self
    }

    /// Asserts that the page has not this text.
    pub(crate) fn keeps_quiet_about(&self, text: &str) -> &Self {
        assert!(!self.has(text), "{} says {text:?}", self.path);
        self
    }

    /// The proof that the forms of this page carry.
    pub(crate) fn csrf(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"csrf\" value=\"").unwrap();
        unescape(rest.split('"').next().unwrap())
    }

    /// The text of the element that has this in its tag.
    pub(crate) fn inside(&self, tag: &str) -> String {
        let (_, rest) = self.text.split_once(tag).unwrap();
        let (_, rest) = rest.split_once('>').unwrap();
        unescape(rest.split('<').next().unwrap().trim())
    }

    /// Where the first form posts to whose target ends so.
    pub(crate) fn form_to(&self, end: &str) -> String {
        let forms = self.text.split("<form ").skip(1);
        let actions = forms.filter_map(|form| attribute(form.split('>').next()?, "action"));
        let found = actions.into_iter().find(|action| action.ends_with(end));
        found.unwrap_or_else(|| panic!("{} has no form to …{end}:\n{}", self.path, self.words()))
    }

    /// Whether there is a link or a form to this path.
    pub(crate) fn leads_to(&self, path: &str) -> bool {
        self.text.contains(&format!("\"{path}\""))
    }

    /// The fields of the first form that posts to `action`, as they stand.
    fn fields(&self, action: &str) -> Vec<(String, String)> {
        let mut forms = self
            .text
            .split("<form ")
            .skip(1)
            .map(|form| form.split("</form>").next().unwrap());
        let wanted =
            |form: &&str| attribute(form.split('>').next().unwrap(), "action").is_some_and(|to| to == action);
        let form = forms
            .find(wanted)
            .unwrap_or_else(|| panic!("{} has no form to {action}:\n{}", self.path, self.words()));
        let mut fields = Vec::new();
        for tag in form
            .split("<input ")
            .skip(1)
            .map(|tag| tag.split('>').next().unwrap())
        {
            let kind = attribute(tag, "type").unwrap_or_default();
            let is_on = !matches!(kind.as_str(), "checkbox" | "radio") || tag.contains(" checked");
            if let Some(name) = attribute(tag, "name").filter(|_| is_on) {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        for area in form.split("<textarea ").skip(1) {
            let (tag, rest) = area.split_once('>').unwrap();
            let text = rest.split("</textarea>").next().unwrap();
            fields.push((
                attribute(tag, "name").unwrap(),
                unescape(text.trim_start_matches('\n')),
            ));
        }
        for select in form.split("<select ").skip(1) {
            let name = attribute(select.split('>').next().unwrap(), "name").unwrap();
            let options: Vec<&str> = select.split("<option ").skip(1).collect();
            let chosen = options
                .iter()
                .find(|option| option.contains(" selected"))
                .or(options.first());
            fields.push((
                name,
                chosen
                    .and_then(|option| attribute(option, "value"))
                    .unwrap_or_default(),
            ));
        }
        fields
    }

    /// The page without its tags, for messages.
    fn words(&self) -> String {
        let main = self.text.split("<main").nth(1).unwrap_or(&self.text);
        let mut words = String::new();
        let mut inside = true;
        for c in main.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    words.push(' ');
                }
                c if !inside => words.push(c),
                _ => {}
            }
        }
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag[start..].split('"').next()?;
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}
