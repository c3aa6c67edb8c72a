import Files
import Logging
import ServiceLifecycle

/// Says at the start whether files can be kept; removes those that no record refers to any more, in bounded rounds until none is left.
struct FileCollector: Service {
    /// Before the first round, so that a start isn't slowed down, and between rounds.
    static let pauses: (first: Duration, other: Duration) = (.seconds(60), .seconds(3_600))

    let files: FileStore
    let logger: Logger
    var clock: any _Concurrency.Clock<Duration> = ContinuousClock()

    func run() async throws {
        await cancelWhenGracefulShutdown {
            do {
                try await files.contents.probe()
            } catch {
                // A server that is told to stop in its first moments has found out nothing.
                if !Task.isCancelled { logger.warning("Files can't be kept or read just now.", metadata: ["error": "\(error)"]) }
            }
            var pause = Self.pauses.first
            while !Task.isCancelled {
                do {
                    try await clock.sleep(for: pause)
                    pause = Self.pauses.other
                    try await files.sweepAll { sweep in
                        guard sweep.collectedFiles + sweep.collectedContents + sweep.abandoned > 0 else { return }
                        logger.info(
                            "Files that nothing refers to were removed.",
                            metadata: [
                                "files": "\(sweep.collectedFiles)", "contents": "\(sweep.collectedContents)",
                                "uploads": "\(sweep.abandoned)",
                            ])
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("Files could not be looked through; the next round tries again.", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
