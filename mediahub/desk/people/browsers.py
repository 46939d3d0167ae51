"""From where and with what somebody asks: the client's address, and the browser in words that a person knows."""

import ipaddress

from django.http import HttpRequest

# The first that occurs is named: later browsers claim to be earlier ones as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
# The part of an IPv6 address that a provider gives to one customer.
IPV6_PREFIX = 64


def describe_browser(request: HttpRequest) -> str:
    """Return the browser and its system, such as "Firefox, Windows"; empty for a program that is neither."""
    agent = request.headers.get("User-Agent", "")
    names = [next((name for mark, name in table if mark in agent), "") for table in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, names))


def get_client_address(request: HttpRequest) -> str:
    """Return the address that the request came from; empty where there is none.

    This is the address that the server itself saw. A client may write anything into X-Forwarded-For, so that header is
    not read; on Lambda the entry replaces it by the address that API Gateway saw (mediahub.worker.lambda_entry).
    """
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return ""


def get_client_network(request: HttpRequest) -> str:
    """Return the address by which attempts are counted: for IPv6 the customer's network."""
    address = get_client_address(request)
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address.partition('%')[0]}/{IPV6_PREFIX}", strict=False).network_address)
