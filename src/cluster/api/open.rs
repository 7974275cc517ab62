//! Opening a connection: choosing the cluster, having its credentials, asking who it is.

use std::sync::RwLock;

use kube::Config;

use super::client::{build, server_of};
use super::connect_error::ConnectError;
use super::connect_options::{ConnectOptions, PLUGIN_TIMEOUT, REQUEST_TIMEOUT};
use super::connection::{Access, Connection, Recipe};
use super::failure::Failure;
use super::kubeconfig::{Chosen, ConfigEnv, choose, server_url};
use super::target::Target;

impl Connection {
    /// Opens the connection that the options and this process's surroundings name, and asks for the server's version.
    /// An unreachable server is no error here: the version stays empty, and each source says what is wrong.
    ///
    /// # Errors
    ///
    /// Where the configuration leads nowhere, or the credential plugin fails.
    pub async fn open(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let connection = Self::prepare(options).await?;
        // Each source says what is wrong.
        let _ = connection.learn_version().await;
        Ok(connection)
    }

    /// The same without asking for the server's version: nothing is asked of the API server unless `expect` wants more of it
    /// than its address.
    ///
    /// # Errors
    ///
    /// As [`Connection::open`].
    pub async fn prepare(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let chosen = choose(options, &ConfigEnv::of_process())?;
        let server = server_of(&chosen.config);
        for expect in &options.expect {
            expect.check_server(&server, &chosen.origin)?;
        }
        let target = Target {
            server: server.clone(),
            version: String::new(),
            context: chosen.context.clone(),
            config: chosen.origin.clone(),
            rehearsal: None,
        };
        let recipe = chosen.renewable.then(|| {
            // The context by its name: `current-context` may be another by then.
            let context = Some(chosen.context.clone()).filter(|context| !context.is_empty());
            let in_cluster = chosen.context.is_empty() && options.overrides.server.is_none();
            Recipe { options: ConnectOptions { context, in_cluster, ..options.clone() }, server }
        });
        let namespace = chosen.config.default_namespace.clone();
        let (client, credential) = build(chosen, options.plugin_timeout).await?;
        let access = RwLock::new(Access { generation: 0, client: client.clone(), credential });
        let connection =
            Self { access, recipe, ..Self::with_client(client, target, options.request_timeout, &namespace) };
        for expect in &options.expect {
            connection.check_identity(expect).await?;
        }
        Ok(connection)
    }

    /// The namespace of the context that the options name, `default` where it names none or cannot be read: for what is
    /// said of a connection that cannot be had.
    #[must_use]
    pub fn namespace_of(options: &ConnectOptions) -> String {
        let chosen = choose(options, &ConfigEnv::of_process());
        chosen.map_or_else(|_| "default".to_owned(), |chosen| chosen.config.default_namespace)
    }

    /// A connection to a server at a bare URL, without credentials and without a proxy: the rehearsal's.
    ///
    /// # Errors
    ///
    /// Where the URL cannot be used.
    pub async fn to_url(url: &str, namespace: &str) -> Result<Self, ConnectError> {
        let config = Config::new(server_url(url).map_err(ConnectError::Url)?);
        let target = Target { server: server_of(&config), ..Target::default() };
        let chosen = Chosen { config, context: String::new(), origin: url.to_owned(), renewable: false };
        let (client, _) = build(chosen, PLUGIN_TIMEOUT).await?;
        let connection = Self::with_client(client, target, REQUEST_TIMEOUT, namespace);
        let _ = connection.learn_version().await;
        Ok(connection)
    }

    /// Asks for the server's version, and keeps the first answer for [`Connection::target`].
    ///
    /// # Errors
    ///
    /// As [`Connection::version`].
    pub async fn learn_version(&self) -> Result<(), Failure> {
        let version = self.version().await?;
        self.identified.get_or_init(|| Target { version, ..self.target.clone() });
        Ok(())
    }
}
