//! Ready Postfix and Dovecot configuration for the hosts of a cluster.
