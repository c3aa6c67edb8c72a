import Events

/// Metrics in the text format of Prometheus (version 0.0.4).
struct PrometheusText {
    private(set) var text = ""

    /// A metric with one value.
    mutating func metric(_ name: String, _ type: Kind, _ help: String, _ value: Int) {
        begin(name, type, help)
        line(name, [], String(value))
    }

    mutating func begin(_ name: String, _ type: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type.rawValue)\n"
    }

    mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty { text += "{" + labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}" }
        text += " \(value)\n"
    }

    enum Kind: String {
        case counter, gauge, histogram
    }

    mutating func requests(_ metrics: RequestMetrics) {
        begin("tessera_http_requests_total", .counter, "Requests answered.")
        let all = Route.allCases.map { ($0, metrics.snapshot($0)) }.filter { !$0.1.counts.isEmpty }
        for (route, series) in all {
            for (key, count) in series.counts.sorted(by: {
                ($0.key.method.rawValue, $0.key.status) < ($1.key.method.rawValue, $1.key.status)
            }) {
                line(
                    "tessera_http_requests_total",
                    [("route", route.template), ("method", key.method.name), ("status", String(key.status))],
                    String(count))
            }
        }
        begin("tessera_http_request_duration_seconds", .histogram, "From the head of a request to the end of its answer.")
        for (route, series) in all {
            var sum = 0
            for (index, count) in series.buckets.enumerated() {
                sum += count
                let bound = index < RequestMetrics.bounds.count ? String(RequestMetrics.bounds[index]) : "+Inf"
                line("tessera_http_request_duration_seconds_bucket", [("route", route.template), ("le", bound)], String(sum))
            }
            let seconds = Double(series.sum) / 1_000_000_000
            line("tessera_http_request_duration_seconds_sum", [("route", route.template)], String(seconds))
            line("tessera_http_request_duration_seconds_count", [("route", route.template)], String(sum))
        }
    }

    mutating func events(_ status: EventStatus) {
        metric("tessera_events_head", .counter, "Position of the newest event.", Int(status.head))
        metric("tessera_events_kept", .gauge, "Events in the log.", Int(status.head - status.first + 1))
        metric("tessera_events_outbox_backlog", .gauge, "Events that have no position yet.", Int(status.backlog))
        follower("tessera_events_subscription_lag", "Events that a subscription hasn't handled yet.", status) { Int($0.lag) }
        follower("tessera_events_subscription_attempts", "Attempts of a subscription since its last success.", status) { $0.attempts }
        follower("tessera_events_subscription_parked", "Events that wait for somebody to look at them.", status) { Int($0.parked) }
        follower(
            "tessera_events_subscription_waiting", "Events that are put aside to be tried again, or until their record comes to rest.",
            status
        ) {
            Int($0.waiting)
        }
        follower("tessera_events_subscription_held", "Events that wait behind one of the same record.", status) { Int($0.held) }
        follower("tessera_events_subscription_handled", "Events that a subscription has handled.", status) { Int($0.handled) }
        follower("tessera_events_subscription_skipped", "Events that were passed over after being tried in vain.", status) {
            Int($0.skipped)
        }
        follower("tessera_events_subscription_holds", "Events that are kept for a subscription alone, though they are old.", status) {
            Int($0.holds)
        }
        follower("tessera_events_subscription_lost", "1 when events were removed that a subscription hadn't handled.", status) {
            $0.state == "lost" ? 1 : 0
        }
    }

    private mutating func follower(_ name: String, _ help: String, _ status: EventStatus, _ value: (EventStatus.Follower) -> Int) {
        begin(name, .gauge, help)
        for follower in status.followers { line(name, [("subscription", follower.id)], String(value(follower))) }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
