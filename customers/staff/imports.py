"""Importing a sheet in the admin: uploaded, looked at, imported part by part, its bad rows named and downloaded."""

from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from asteri.staff.lists import OrganizationField
from customers import sheets, staging
from customers.management.base import reason
from customers.models import StoredSheet
from customers.sheets import SheetError
from customers.staff.exports import as_file

ROOM = 64 * 1024  # of a request beside the file: its other fields and the lines between them
FEW, SHOWN = 10, 50  # first rows and bad rows that a page shows
PAGE = "admin:customers_customer_import_sheet"


class WholeInMemory(MemoryFileUploadHandler):
    """Keeps an uploaded file, whose size is known by then, in memory: nothing of it is written to a disk."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Take the upload, whatever its size."""
        self.activated = True


class UploadForm(forms.Form):
    """A file, and whose customers its rows become."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=f"UTF-8, of at most {staging.MAX_BYTES // 1024**2} MB and {staging.MAX_ROWS:,} rows.",
    )

    def __init__(self, site: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"organization": OrganizationField(site), **self.fields}

    def keep(self, user: Any) -> StoredSheet | None:
        """Store the sheet; None where it can't be read, which then is an error of the form."""
        uploaded = self.cleaned_data["file"]
        lines = TextIOWrapper(uploaded.file, encoding=sheets.ENCODING, newline="")
        try:
            return staging.keep(user, self.cleaned_data["organization"], uploaded.name[:255], lines)
        except (SheetError, UnicodeError) as error:
            self.add_error("file", reason(error, uploaded.name))
            return None


class ImportPages:
    """The pages of an import; a staff user sees their own sheets alone."""

    def __init__(self, model_admin: Any) -> None:
        self.model_admin, self.site = model_admin, model_admin.admin_site

    def urls(self) -> list[Any]:
        """Answer the pages' addresses."""
        pages = [
            ("import/", csrf_exempt(self.upload), "customers_customer_import"),
            ("import/<uuid:pk>/", self.show, "customers_customer_import_sheet"),
            ("import/<uuid:pk>/go-on/", require_POST(self.go_on), "customers_customer_import_go_on"),
            ("import/<uuid:pk>/start/", require_POST(self.start), "customers_customer_import_start"),
            ("import/<uuid:pk>/discard/", require_POST(self.discard), "customers_customer_import_discard"),
            ("import/<uuid:pk>/bad-rows.csv", self.bad_rows, "customers_customer_import_bad_rows"),
        ]
        return [path(route, self.site.admin_view(self.for_importers(view)), name=name) for route, view, name in pages]

    def for_importers(self, view: Any) -> Any:
        """Answer the view for those alone who may add customers."""

        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not self.model_admin.has_add_permission(request):
                raise PermissionDenied
            answer: HttpResponseBase = view(request, **kwargs)
            return answer

        guarded.csrf_exempt = getattr(view, "csrf_exempt", False)  # type: ignore[attr-defined]  # as Django marks it
        return guarded

    def upload(self, request: HttpRequest) -> HttpResponseBase:
        """Take a file. Its size is looked at before anything is read, which a check for forgery would do."""
        if request.method == "POST" and not 0 < length_of(request) <= staging.MAX_BYTES + ROOM:
            messages.error(request, f"A file may have at most {staging.MAX_BYTES // 1024**2} MB. Split it.")
            return HttpResponseRedirect(request.get_full_path())
        request.upload_handlers = [WholeInMemory(request)]
        return self.take(request)

    @method_decorator(csrf_protect)
    def take(self, request: HttpRequest) -> HttpResponseBase:
        """Store what is uploaded and look at its first part; show the form, and which sheets are there already."""
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(self.site, *sent, initial={"organization": request.GET.get("organization")})
        sheet = form.keep(request.user) if form.is_bound and form.is_valid() else None
        if sheet:
            staging.advance(sheet)
            return HttpResponseRedirect(reverse(PAGE, args=[sheet.pk]))
        newest = own_sheets(request).order_by("-stored_at")[:FEW]
        context = {"form": form, "mine": newest, "columns": sheets.COLUMNS, "required": sheets.REQUIRED}
        return self.page(request, "import.html", "Import customers", context)

    def show(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show how far a sheet is dealt with, what became of its rows, and what is wrong with the bad ones."""
        sheet = self.sheet_of(request, pk)
        context = {
            "sheet": sheet,
            "columns": sheets.COLUMNS,
            "first_rows": [cells_of(row.number, row.cells, row.fault) for row in staging.first_rows(sheet, FEW)],
            "bad_rows": [row for row, _ in zip(staging.bad_rows(sheet), range(SHOWN), strict=False)],
        }
        return self.page(request, "sheet.html", f"Import {sheet}", context)

    def go_on(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Deal with the next part."""
        return self.after(staging.advance, request, pk)

    def start(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Begin to import what was looked at, with its first part."""
        sheet = self.sheet_of(request, pk)
        staging.begin_import(sheet)
        return self.after(staging.advance, request, pk)

    def after(self, work: Any, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Do a part of the work, then lead back to the sheet's page."""
        work(self.sheet_of(request, pk))
        return HttpResponseRedirect(reverse(PAGE, args=[pk]))

    def discard(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Forget a sheet; customers that it has become stay."""
        sheet = self.sheet_of(request, pk)
        sheet.delete()
        messages.success(request, f"Forgot {sheet}.")
        return HttpResponseRedirect(reverse("admin:customers_customer_import"))

    def bad_rows(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Answer the bad rows as a sheet that can be corrected and imported as it is."""
        sheet = self.sheet_of(request, pk)
        rows = [cells_of(row.number, row.cells, row.reasons) for row in staging.bad_rows(sheet)]
        return as_file(bad_lines(rows), "bad-rows")

    def sheet_of(self, request: HttpRequest, pk: UUID) -> StoredSheet:
        """Answer the user's own sheet; 404 for anybody else's."""
        return get_object_or_404(own_sheets(request), pk=pk)

    def page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
        """Answer a page in the frame of the site."""
        frame = {**self.site.each_context(request), "opts": self.model_admin.opts, "title": title, **context}
        return TemplateResponse(request, f"admin/customers/customer/{template}", frame)


def own_sheets(request: HttpRequest) -> QuerySet[StoredSheet]:
    """Answer the sheets of the user who asks."""
    return StoredSheet.objects.filter(user=cast(User, request.user)).select_related("organization")


def length_of(request: HttpRequest) -> int:
    """Answer how many bytes a request says that it has; 0 where it doesn't say."""
    stated = request.META.get("CONTENT_LENGTH") or ""
    return int(stated) if stated.isdigit() else 0


def cells_of(number: int, cells: dict[str, str], problem: str) -> list[str]:
    """Answer a row as its number, its problem and its cells in the order of the columns."""
    return [str(number), problem, *(cells.get(name, "") for name in sheets.COLUMNS)]


def bad_lines(rows: list[list[str]]) -> Iterator[str]:
    """Answer the lines of a sheet of bad rows."""
    return sheets.lines((*sheets.REPORTED, *sheets.COLUMNS), rows)
