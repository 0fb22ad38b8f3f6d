"""The way of one request to a vendor: its workspace, its faults, its handler."""

from mockserver.api import Api
from mockserver.call import Call
from mockserver.documents.spec import Document, Operation
from mockserver.errors import Refusal
from mockserver.faults.catalogue import InjectedFault
from mockserver.faults.delivery import refusal_after, refusal_of
from mockserver.vendor import Handler, Look, Reply, Vendor
from mockserver.workspaces import Workspace, Workspaces


class Site(Api):
    """One vendor, served: behind its handlers is the workspace that the credential chooses."""

    def __init__(
        self,
        vendor: Vendor,
        document: Document,
        workspaces: Workspaces,
        *,
        lenient: bool,
        max_body: int,
    ) -> None:
        """See `Api`.

        Raises DocumentError where an operation has no handler or a handler no operation.
        """
        module = f"mockserver.vendors.{vendor.name}"
        super().__init__(
            module, vendor.dialect, document, vendor.handlers, lenient=lenient, max_body=max_body
        )
        self.vendor = vendor
        self._handlers: dict[str, Handler] = dict(vendor.handlers)
        self._looks: dict[str, Look] = dict(vendor.looks)
        self._workspaces = workspaces
        self._name = vendor.name

    def serve(self, call: Call, prefix: str) -> Reply:
        """In the order in which the vendor's framework looks: path, method and credential, body.

        Then handle, commit or roll back.
        """
        call.vendor = self._name
        self.route(call, prefix)
        operation = call.operation
        if operation is None and not self.dialect.authenticates_first:
            raise Refusal("method_not_allowed")
        account = call.account = self.dialect.account(call.request.headers)
        if account is None and (operation is None or operation.needs_credential):
            raise Refusal("unauthorized", "missing")
        workspace = self._workspaces.of(account)
        workspace.begin(call)
        if operation is None:
            raise Refusal("method_not_allowed")
        fault = call.fault = workspace.injection.take(call)
        if fault is not None and not fault.kind.applies:
            raise refusal_of(fault)
        call.settings = workspace.settings[self._name]
        tx = call.tx = workspace.transaction(self._name)
        call.matches = tx.trace
        try:
            self.read(call, operation)
            reply = self.dialect.accept(self._handlers[operation.id](call, tx), call)
        except BaseException:
            tx.rollback()
            raise
        call.changes = tx.commit()
        del call.tx
        return reply if fault is None else self._instead(fault, call) or reply

    def look(self, call: Call, operation: Operation) -> None:
        """What the vendor's handler has to look at first."""
        look = self._looks.get(operation.id)
        if look is not None:
            look(call, call.tx)

    def refuse(self, refusal: Refusal, call: Call) -> Reply:
        """Phrase a refusal; the workspace counts the request even where it was not reached."""
        if call.number == 0:
            self._claimant(call).begin(call)
        return (self._instead(call.fault, call) if call.fault else None) or self.dialect.refuse(
            refusal, call
        )

    def _instead(self, fault: InjectedFault, call: Call) -> Reply | None:
        lost = refusal_after(fault)
        return self.dialect.refuse(lost, call) if lost is not None else None

    def _claimant(self, call: Call) -> Workspace:
        try:
            account = self.dialect.account(call.request.headers)
            return self._workspaces.of(account) if account else self._workspaces.unclaimed
        except Refusal:
            return self._workspaces.unclaimed
