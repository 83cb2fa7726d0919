"""The client and API version whose behaviour this client has."""

VERSION = "28.2.2"
API_VERSION = "1.50"
