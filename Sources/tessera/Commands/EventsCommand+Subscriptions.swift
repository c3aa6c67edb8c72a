import ArgumentParser
import Events
import QueryLanguage
import Records

/// Looking after subscriptions.
extension EventsCommand {
    struct Parked: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the events that subscriptions have parked, with the reason.",
            discussion: """
                An event that couldn't be handled in all of its attempts is parked, until somebody retries or skips it. With --all, those are listed too \
                that wait to be tried, or behind another one of the same record.

                  tessera events parked
                  tessera events parked --subscription contacts.greet --all
                """)

        @OptionGroup var source: SourceOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var bound: LimitOptions
        @Option(help: ArgumentHelp("Whose.", valueName: "id")) var subscription: String?
        @Flag(help: "Also what isn't parked.") var all = false

        func run() async throws {
            try await reportingFailures {
                let found = try await source.backend().eventsAside(
                    of: subscription, state: all ? nil : "parked", limit: bound.limit)
                if output.isJSON {
                    Console.print(Value.collection(found.map { $0.value(source: "/api") }).json)
                } else {
                    for delivery in found { Console.print(EventText.aside(delivery)) }
                }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try parked events again, as if for the first time.",
            discussion: """
                  tessera events retry contacts.greet
                  tessera events retry contacts.greet 1204 1377
                """)

        @OptionGroup var order: OrderedSubscription
        @Argument(help: "Positions of events; all that are parked without any.") var positions: [Int64] = []

        func run() async throws {
            try await order.run(.init(.retry, order.subscription, positions: positions.isEmpty ? nil : positions)) {
                "\($0) to be tried again"
            }
        }
    }

    struct Skip: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pass over events that are put aside, so that those behind them go on.",
            discussion: """
                  tessera events skip contacts.greet 1204
                  tessera events skip contacts.greet --all
                """)

        @OptionGroup var order: OrderedSubscription
        @Argument(help: "Positions of events.") var positions: [Int64] = []
        @Flag(help: "All that are parked.") var all = false

        func validate() throws {
            guard positions.isEmpty == all else { throw ValidationError("Name positions, or --all for everything that is parked.") }
        }

        func run() async throws {
            try await order.run(.init(.skip, order.subscription, positions: all ? nil : positions)) { "\($0) passed over" }
        }
    }

    struct EditAndRetry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "edit-and-retry", abstract: "Change what an event says that its record became, and try it again.",
            discussion: """
                The handler sees the values as if the record had become so; the record itself stays as it is. Values are named and written as \
                `tessera events parked --output json` shows them under "new".

                  tessera events edit-and-retry contacts.greet 1204 '{"job_title": "Buyer"}'
                """)

        @OptionGroup var order: OrderedSubscription
        @Argument(help: "The event's position.") var position: Int64
        @Argument(help: ArgumentHelp("The values.", valueName: "json")) var values: String

        func run() async throws {
            try await reportingFailures {
                guard case .complex(let new)? = JSON.value(values), !new.isEmpty else {
                    throw Failure(.wrongInput, "the values are an object of JSON, such as '{\"job_title\": \"Buyer\"}'")
                }
                var edit = SubscriptionOrder(.edit, order.subscription, positions: [position])
                edit.new = new
                try await order.send(edit) { "\($0) to be tried again" }
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Handle everything from a position or a time on, again where it was handled.",
            discussion: """
                The subscription goes back (or forward) in the log. What its handler does about an event that it has handled before, it does once more.

                  tessera events replay contacts.greet --from 1200
                  tessera events replay contacts.greet --from 2026-11-28T09:00:00Z
                """)

        @OptionGroup var order: OrderedSubscription
        @Option(help: ArgumentHelp("Where to begin.", valueName: "position|time")) var from: String

        func run() async throws {
            try await reportingFailures {
                var replay = SubscriptionOrder(.replay, order.subscription)
                replay.from = Int64(from)
                replay.since = replay.from == nil ? DateTime(from) : nil
                guard replay.from ?? 1 > 0, replay.from != nil || replay.since != nil else {
                    throw Failure(.wrongInput, "--from takes a position from 1 on, or a time such as 2026-11-28T09:00:00Z, not '\(from)'")
                }
                try await order.send(replay) { "\($0) to be looked at" }
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a subscription handle nothing until it is resumed. Its events are kept for 30 days.",
            discussion: """
                  tessera events pause contacts.greet
                """)

        @OptionGroup var order: OrderedSubscription

        func run() async throws { try await order.run(.init(.pause, order.subscription)) { _ in "paused" } }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a subscription go on that was paused, has halted, or is lost.",
            discussion: """
                One that halted tries the event again that it halted at. One that is lost goes on with the oldest event that is kept.

                  tessera events resume contacts.greet
                """)

        @OptionGroup var order: OrderedSubscription

        func run() async throws { try await order.run(.init(.resume, order.subscription)) { "active, \($0) behind" } }
    }
}

/// The subscription that a command is about.
struct OrderedSubscription: ParsableArguments {
    @OptionGroup var source: SourceOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The id that `tessera events` shows.") var subscription: String

    func run(_ order: SubscriptionOrder, _ text: @escaping (String) -> String) async throws {
        try await reportingFailures { try await send(order, text) }
    }

    /// - Parameter text: what to say of so many events.
    func send(_ order: SubscriptionOrder, _ text: (String) -> String) async throws {
        let count = try await source.backend().order(order)
        Console.print(
            output.isJSON
                ? Value.complex(["events": .integer(count)]).json : text(count == 1 ? "1 event" : "\(Int(count).grouped) events"))
    }
}
