import ArgumentParser
import Events
import QueryLanguage

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show how the event log stands and what is in it, and look after subscriptions.",
        discussion: """
            Every change of a record is an event, with a position in the log. `status` tells the newest position, what has none yet, and how far each \
            subscription has come. `parked` lists what subscriptions could not handle, with the reason; the commands behind it deal with that.

              tessera events
              tessera events tail --topic 'contacts.person.*'
            """,
        subcommands: [
            Status.self, Tail.self, Parked.self, Retry.self, Skip.self, EditAndRetry.self, Replay.self, Pause.self, Resume.self,
        ], defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the log's positions, and each subscription's place, lag and last error.",
            discussion: """
                  tessera events status
                  tessera events --output json
                """)

        @OptionGroup var source: SourceOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await reportingFailures {
                let status = try await source.backend().eventStatus()
                Console.print(output.isJSON ? status.value.json : EventText.status(status))
            }
        }
    }

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the newest events, or those from a position on, or follow what comes.",
            discussion: """
                With --output json each line is a CloudEvent.

                  tessera events tail --limit 5
                  tessera events tail --from 1 --topic 'contacts.*.created'
                  tessera events tail --follow
                """)

        @OptionGroup var source: SourceOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var bound: LimitOptions
        @Option(help: "The position to begin at.") var from: Int64?
        @Option(help: ArgumentHelp("Which topics, * standing for any letters.", valueName: "pattern")) var topic: String?

        @Flag(help: "Go on with what comes, until Ctrl-C.") var follow = false

        func validate() throws {
            guard from ?? 1 > 0 else { throw ValidationError("--from takes a position, a number from 1 on") }
        }

        func run() async throws {
            try await reportingFailures {
                let backend = try source.backend()
                let topic = try topic.map { try TopicPattern($0) }
                var (place, left) = (from, bound.limit)
                repeat {
                    let (events, next) = try await backend.events(from: place, topic: topic, limit: left)
                    show(events)
                    left -= events.count
                    let from = place
                    place = next
                    // The last page ends where the log does.
                    guard let from, next > from else { break }
                } while left > 0
                if follow, let place { try await backend.followEvents(from: place, topic: topic) { show($0) } }
            }
        }

        private func show(_ events: [Event]) {
            for event in events { Console.print(output.isJSON ? event.cloudEvent(source: "/api").json : EventText.line(event)) }
        }
    }
}
