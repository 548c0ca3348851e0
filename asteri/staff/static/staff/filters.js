// A choice in a filter's menu shows the list at once; its button remains for whoever types.
"use strict";

django.jQuery(() => {
  django.jQuery(".form-filter select").on("change", (event) => event.target.form.requestSubmit());
});
