COLUMNS = [
    *("fault", "sent", "2xx", "4xx", "429", "503", "other 5xx", "broken"),
    *("p99 ms", "acknowledged", "lost", "recovered s"),
]
