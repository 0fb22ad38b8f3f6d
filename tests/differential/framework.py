"""The real framework: a Django REST framework application with the documented fields.

`python -m tests.differential.framework` serves it on standard input and output, for an environment
that has another version of the framework: a request is a line of JSON, and so is its answer.
"""

import base64
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import django
from django.conf import settings

from tests.differential import world

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "rest_framework",
        "phonenumber_field",
    ],
    LOGGING_CONFIG=None,
    # As `startproject` writes them.
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    PHONENUMBER_DEFAULT_REGION="US",
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for the tests",
    TIME_ZONE=world.ZONE,
    USE_TZ=True,
)
import logging

logging.getLogger("django").setLevel(logging.CRITICAL)
django.setup()

from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, models, transaction
from django.urls import include, path
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import filters, mixins, pagination, serializers, viewsets
from rest_framework.authentication import TokenAuthentication
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

NOW = datetime.fromisoformat(world.NOW)
CLOSING = frozenset(
    "CLOSED CLOSED_INCOMPLETE LOST SCHEDULE_COMPLETED OUT_OF_TERRITORY BAD_NUMBER CANCELLED".split()
)
STATUSES = (
    "UNKNOWN NEW OPEN CALLBACK_TO_TRANSFER CLOSED CLOSED_INCOMPLETE LOST SCHEDULE_COMPLETED "
    "OUT_OF_TERRITORY BAD_NUMBER CANCELLED".split()
)
DETAILS = (
    "blind_transfer warm_transfer appointment_booked live_handoff_unavailable escalation "
    "has_call_dnc tcpa_litigator LEAD_ASSIGNED".split()
)
REASONS = "UNKNOWN WEBHOOK MANUAL CHAT REENGAGEMENT".split()
STATES = (
    "AL AK AS AZ AR AA AE AP CA CO CT DE DC FL GA GU HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO "
    "MT NE NV NH NJ NM NY NC ND MP OH OK OR PA PR RI SC SD TN TX UT VT VI VA WA WV WI WY".split()
)
TRIGGERS = (
    "LEAD_CREATED LEAD_UPDATED LEAD_CLOSED LEAD_CLOSED_INCOMPLETE LEAD_LOST "
    "LEAD_SCHEDULE_COMPLETED LEAD_LATE_CALLBACK LEAD_OUT_OF_TERRITORY LEAD_BAD_NUMBER "
    "LEAD_CANCELLED LEAD_CALLBACK_TO_TRANSFER LEAD_BEFORE_REENGAGEMENT LEAD_REENGAGEMENT "
    "LEAD_FIRST_INBOUND CALL_COMPLETE BEFORE_CALLING CALL_FAILED CALL_ENDED "
    "CALL_TRANSFER_INITIATED SMS_DNC CALL_DNC".split()
)


class LeadType(models.Model):
    name = models.TextField()
    lead_metadata_fields = models.JSONField(default=list)
    outbound_calling = models.BooleanField(default=True)

    class Meta:
        app_label = "leads"


class Representative(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "leads"


class Lead(models.Model):
    email = models.TextField(null=True)
    phone_number = models.TextField()
    metadata = models.JSONField(null=True)
    modified_time = models.DateTimeField(default=NOW)
    created_time = models.DateTimeField(default=NOW)
    status = models.TextField(default="NEW")
    status_detail = models.TextField(null=True)
    status_reason = models.TextField(null=True)
    lead_type = models.ForeignKey(LeadType, models.PROTECT, null=True)
    representative = models.ForeignKey(Representative, models.PROTECT, null=True)
    next_call_time = models.TextField(null=True)
    next_call_time_reason = models.TextField(null=True)
    external_id = models.TextField(null=True)
    us_state = models.TextField(null=True)
    lead_source = models.TextField(null=True)
    received_time = models.DateTimeField(default=NOW, null=True)
    reengagements_count = models.IntegerField(default=0)
    last_reengagement_time = models.DateTimeField(null=True)
    call_schedule_start_time = models.DateTimeField(null=True)
    sms_dnc = models.BooleanField(default=False)
    call_dnc = models.BooleanField(default=False)

    class Meta:
        app_label = "leads"


class Webhook(models.Model):
    url = models.TextField()
    trigger = models.TextField(default="CALL_COMPLETE")
    filter_condition = models.TextField(null=True)

    class Meta:
        app_label = "leads"


def _optional(kind: Any, *args: Any, **options: Any) -> Any:
    """A field that may be left out and may be null."""
    return kind(*args, required=False, allow_null=True, **options)


def _key(model: Any) -> Any:
    return _optional(serializers.PrimaryKeyRelatedField, queryset=model.objects.all())


def _email() -> Any:
    return _optional(serializers.EmailField, allow_blank=True)


def _text() -> Any:
    return _optional(serializers.CharField, allow_blank=True, max_length=255)


def _choice(choices: list[str]) -> Any:
    return _optional(serializers.ChoiceField, choices, allow_blank=True)


class LeadSerializer(serializers.ModelSerializer):
    email = _email()
    phone_number = PhoneNumberField()
    metadata = _optional(serializers.DictField)
    status = serializers.ChoiceField(STATUSES, required=False)
    status_detail = _choice(DETAILS)
    status_reason = _choice(REASONS)
    lead_type = _key(LeadType)
    representative = _key(Representative)
    next_call_time = serializers.CharField(read_only=True)
    next_call_time_reason = serializers.CharField(read_only=True)
    external_id = _text()
    us_state = _choice(STATES)
    lead_source = _text()
    call_schedule_start_time = _optional(serializers.DateTimeField)

    class Meta:
        model = Lead
        fields = (
            "id email phone_number metadata modified_time created_time status status_detail "
            "status_reason lead_type representative next_call_time next_call_time_reason "
            "external_id us_state lead_source received_time reengagements_count "
            "last_reengagement_time call_schedule_start_time sms_dnc call_dnc".split()
        )
        read_only_fields = (
            "modified_time created_time received_time reengagements_count last_reengagement_time "
            "sms_dnc call_dnc".split()
        )


class UpdateSerializer(serializers.Serializer):
    email = _email()
    phone_number = PhoneNumberField()
    metadata = _optional(serializers.DictField)
    status = serializers.ChoiceField(STATUSES, required=False)
    status_detail = _choice(DETAILS)
    lead_type = _key(LeadType)
    representative = _key(Representative)
    external_id = _text()
    us_state = _choice(STATES)
    lead_source = _text()
    call_schedule_start_time = _optional(serializers.DateTimeField)
    sms_dnc = serializers.BooleanField(required=False)
    call_dnc = serializers.BooleanField(required=False)


class CreateSerializer(serializers.Serializer):
    phone_number = PhoneNumberField()
    email = _email()
    metadata = _optional(serializers.DictField)
    lead_type = _key(LeadType)
    representative = _key(Representative)
    external_id = _text()
    us_state = _choice(STATES)
    lead_source = _text()
    call_schedule_start_time = _optional(serializers.DateTimeField)
    min_reengagement_days = serializers.IntegerField(required=False, min_value=0)


class BulkSerializer(serializers.Serializer):
    leads = serializers.ListField()


class LeadTypeSerializer(serializers.ModelSerializer):
    class Meta:
        model = LeadType
        fields = ("id", "name", "lead_metadata_fields")


class WebhookSerializer(serializers.ModelSerializer):
    url = serializers.URLField(max_length=255)
    trigger = serializers.ChoiceField(TRIGGERS, required=False)
    filter_condition = _optional(serializers.CharField, allow_blank=True)

    class Meta:
        model = Webhook
        fields = ("id", "url", "trigger", "filter_condition")


class AnyToken(TokenAuthentication):
    """Token authentication that knows every token, as the server under test does."""

    def authenticate_credentials(self, key: str) -> tuple[Any, str]:
        return User(username=key), key


class Pages(pagination.PageNumberPagination):
    page_size = world.PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = world.MAX_PAGE_SIZE


class View(viewsets.GenericViewSet):
    authentication_classes = (AnyToken,)
    permission_classes = (IsAuthenticated,)
    pagination_class = Pages


STANDARD = frozenset(LeadSerializer.Meta.fields) | {"min_reengagement_days"}
EMPTY: Any = object()
PART = re.compile(r"^metadata\.(.+)$")


class LeadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, View):
    queryset = Lead.objects.order_by("-id")
    serializer_class = LeadSerializer

    def create(self, request: Any) -> Any:
        body = _valid(CreateSerializer(data=request.data))
        body.pop("min_reengagement_days", None)
        twins = Lead.objects.filter(phone_number=body["phone_number"])
        email = body.get("email") or None
        twin = twins.filter(email__iexact=email) if email else twins.filter(email=None)
        if twin.exists():
            text = "The fields phone_number, email must make a unique set."
            raise ValidationError({"non_field_errors": [text]})
        metadata = _metadata(request.data, body, None)
        lead = Lead(**body, metadata=metadata)
        _plan(lead)
        lead.save()
        lead.refresh_from_db()
        return Response(LeadSerializer(lead).data, 201)

    def partial_update(self, request: Any, pk: Any = None) -> Any:
        lead = self.get_object()
        body = _valid(UpdateSerializer(data=request.data, partial=True))
        return _updated(lead, body, request.data)

    @action(detail=False, methods=["put"], url_path="update", name="Update")
    def update_lead(self, request: Any) -> Any:
        body = _valid(UpdateSerializer(data=request.data))
        found = Lead.objects.filter(phone_number=body["phone_number"])
        if body.get("email"):
            found = found.filter(email__iexact=body["email"])
        else:
            body.pop("email", None)
        lead = found.order_by("id").last()
        if lead is None:
            raise NotFound(_missing("Lead"))
        return _updated(lead, body, request.data)

    @action(detail=False, methods=["post"], url_path="bulk-create", name="Bulk create")
    def bulk_create(self, request: Any) -> Any:
        body = _valid(BulkSerializer(data=request.data))
        return Response({"results": [None for _ in body["leads"]]})

    def get_object(self) -> Any:
        # The metadata of a PUT asks for the object, which this path does not name.
        return super().get_object() if self.lookup_field in self.kwargs else None

    def get_serializer_class(self) -> Any:
        if self.action == "metadata" and self.request.path.endswith("/bulk-create/"):
            return BulkSerializer
        return self.serializer_class


def _missing(model: str) -> str:
    if django.VERSION < (5,):
        return "Not found."
    return f"No {model} matches the given query."


def _valid(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    body = dict(serializer.validated_data)
    if body.get("email") == "":
        body["email"] = None
    if "phone_number" in body:
        body["phone_number"] = str(body["phone_number"])
    return body


def _metadata(sent: Any, body: dict[str, Any], old: Any) -> Any:
    """Keys that are no fields of a lead are kept in its metadata, as the vendor says."""
    given = body.pop("metadata", EMPTY)
    extras = {}
    for name, value in dict(sent.items()).items():
        is_part = hasattr(sent, "getlist") and PART.match(name)
        if name not in STANDARD and not hasattr(value, "read") and not is_part:
            extras[name] = value
    if given is EMPTY and not extras:
        return old
    if given is None:
        old = None
    if (given is None or given is EMPTY) and not extras:
        return old
    more = given if isinstance(given, dict) else {}
    return {**(old or {}), **more, **extras}


def _plan(lead: Any) -> None:
    calls_out = lead.lead_type is not None and lead.lead_type.outbound_calling
    lead.status = "OPEN" if calls_out else "NEW"
    if calls_out:
        start = lead.call_schedule_start_time
        moment = max(NOW, start) if start else NOW
        utc = moment.astimezone(NOW.tzinfo)
        lead.next_call_time = utc.isoformat(timespec="seconds")
        lead.next_call_time_reason = "FIRST_CALL"


def _updated(lead: Any, body: dict[str, Any], sent: Any) -> Any:
    lead.metadata = _metadata(sent, body, lead.metadata)
    if body.get("status", lead.status) != lead.status:
        lead.status_reason = None
    for name, value in body.items():
        setattr(lead, name, value)
    if lead.status in CLOSING or body.get("call_dnc"):
        lead.next_call_time = lead.next_call_time_reason = None
    lead.modified_time = NOW
    lead.save()
    lead.refresh_from_db()
    return Response(LeadSerializer(lead).data)


class LeadTypeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, View):
    queryset = LeadType.objects.order_by("id")
    serializer_class = LeadTypeSerializer
    filter_backends = (filters.SearchFilter,)
    search_fields = ("name",)


class WebhookViewSet(mixins.CreateModelMixin, mixins.RetrieveModelMixin, View):
    queryset = Webhook.objects.all()
    serializer_class = WebhookSerializer


router = SimpleRouter()
router.register("leads", LeadViewSet)
router.register("lead-types", LeadTypeViewSet)
router.register("webhooks", WebhookViewSet)
urlpatterns = [path("api/", include(router.urls))]


class _Undo(Exception):
    """Leaves a transaction so that it changes nothing."""


class Framework:
    """The application with the world's rows. What a request changes is put back after it."""

    def __init__(self) -> None:
        with connection.schema_editor() as editor:
            for model in (LeadType, Representative, Lead, Webhook):
                editor.create_model(model)
        for row in world.LEAD_TYPES:
            LeadType.objects.create(**row)
        for row in world.REPRESENTATIVES:
            Representative.objects.create(**row)
        for row in world.WEBHOOKS:
            Webhook.objects.create(**row)
        for row in world.LEADS:
            names = {"lead_type": "lead_type_id", "representative": "representative_id"}
            Lead.objects.create(**{names.get(name, name): value for name, value in row.items()})
        self._handler = WSGIHandler()

    def answer(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the framework answers: status, headers and body. 0 stands for an exception."""
        started: list[Any] = []

        def start(status: str, sent: list[tuple[str, str]]) -> None:
            started[:] = [int(status[:3]), sent]

        with _put_back():
            try:
                response = self._handler(_environ(method, target, headers, body), start)
                content = b"".join(response)
                response.close()
            except Exception as error:
                return 0, [], repr(error).encode()
        return started[0], started[1], content


@contextmanager
def _put_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise _Undo
    except _Undo:
        pass


def _environ(
    method: str, target: str, headers: list[tuple[str, str]], body: bytes
) -> Mapping[str, Any]:
    """The request as a WSGI server hands it over: gunicorn's rules for path and headers."""
    raw_path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
            continue
        if key == "CONTENT_LENGTH":
            continue
        key = "HTTP_" + key
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def main() -> None:
    """Answer requests from standard input until it ends."""
    framework = Framework()
    for line in sys.stdin:
        method, target, headers, body = json.loads(line)
        pairs = [(name, value) for name, value in headers]
        status, sent, content = framework.answer(method, target, pairs, base64.b64decode(body))
        print(json.dumps([status, sent, base64.b64encode(content).decode()]), flush=True)


if __name__ == "__main__":
    main()
