/// Runs what may hang. Swift ends no task by force: one that doesn't hear that it is cancelled is left to itself.
enum Deadline {
    struct Passed: Error {}

    /// - Throws: `Passed` when the time is over, `CancellationError`, or what `body` throws.
    static func run(_ limit: Duration, _ clock: any Clock<Duration>, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let (ends, end) = AsyncStream.makeStream(of: Result<Void, any Error>.self)
        let work = Task {
            do {
                try await body()
                end.yield(.success(()))
            } catch {
                end.yield(.failure(error))
            }
        }
        let alarm = Task { if (try? await clock.sleep(for: limit)) != nil { end.yield(.failure(Passed())) } }
        defer {
            work.cancel()
            alarm.cancel()
        }
        let first = await withTaskCancellationHandler {
            await ends.first { _ in true }
        } onCancel: {
            work.cancel()
            end.finish()
        }
        guard let first else { throw CancellationError() }
        try first.get()
    }
}
