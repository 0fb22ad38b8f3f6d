"""Applications of the frameworks that are installed here talk to the mock."""

import json
from collections.abc import Callable
from importlib.util import find_spec

import httpx
import pytest

from mockserver.testing import MockWorkspace

NEW = {"email": "new@example.com", "name": "New"}


def create_lead(crm: MockWorkspace) -> str:
    """What an application does: send a lead on to the vendor."""
    url, key = crm.base_urls["octanist"], crm.name
    answer = httpx.post(f"{url}/leads", json=NEW, headers={"X-API-KEY": key})
    return str(answer.json()["data"]["id"])


def fastapi(crm: MockWorkspace) -> str:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    app = FastAPI()
    app.post("/sign-up")(lambda: {"id": create_lead(crm)})
    return str(TestClient(app).post("/sign-up").json()["id"])


def flask(crm: MockWorkspace) -> str:
    from flask import Flask

    app = Flask(__name__)
    app.post("/sign-up")(lambda: {"id": create_lead(crm)})
    return str(app.test_client().post("/sign-up").json["id"])


def django(crm: MockWorkspace) -> str:
    from django.conf import settings
    from django.http import HttpRequest, JsonResponse
    from django.test import Client
    from django.urls import path

    def sign_up(_: HttpRequest) -> JsonResponse:
        return JsonResponse({"id": create_lead(crm)})

    urls = (path("sign-up", sign_up),)
    settings.configure(ROOT_URLCONF=urls, ALLOWED_HOSTS=["testserver"], SECRET_KEY="made up")
    return str(json.loads(Client().post("/sign-up").content)["id"])


@pytest.mark.parametrize("framework", [fastapi, flask, django])
def test_an_application_sends_a_lead(
    mockserver: MockWorkspace, framework: Callable[[MockWorkspace], str]
) -> None:
    if find_spec(framework.__name__) is None:
        pytest.skip(f"{framework.__name__} is not installed")
    id = framework(mockserver)
    mockserver.assert_called(operation="create_lead", body=NEW, times=1)
    assert mockserver.octanist.get(f"/leads/{id}").json()["data"]["email"] == NEW["email"]
