/// The way of a call from its task to the reactor and back.
extension ClientCore {
    func run(_ sql: SQL, purpose: Operation.Purpose = .statement, route: Operation.Route) async throws -> PostgresResult {
        if let problem = ParameterBuffer.problem(with: sql) { throw problem }
        let operation = Operation(sql, purpose: purpose, route: route)
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                operation.completion = .continuation(continuation)
                submit(.operation(operation))
            }
        } onCancel: {
            submit(.cancel(operation))
        }
    }

    /// The same for what has to happen even when the task has been cancelled.
    func runUncancelled(_ sql: SQL, purpose: Operation.Purpose = .statement, route: Operation.Route) async throws -> PostgresResult {
        let operation = Operation(sql, purpose: purpose, route: route)
        return try await withUnsafeThrowingContinuation { continuation in
            operation.completion = .continuation(continuation)
            submit(.operation(operation))
        }
    }

    func acquireLease() async throws -> Lease {
        let request = LeaseRequest()
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                request.continuation = continuation
                submit(.acquire(request))
            }
        } onCancel: {
            submit(.cancelAcquire(request))
        }
    }

    func copyCall(_ operation: Operation, _ command: @Sendable (CopyChannel.Waiter) -> CopyChannel.Command) async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                submit(.copy(operation, command(continuation)))
            }
        } onCancel: {
            submit(.cancel(operation))
        }
    }

    /// Waits until an abandoned COPY has left the connection clean.
    func abandonCopy(_ operation: Operation) async {
        _ = try? await withUnsafeThrowingContinuation { (continuation: CopyChannel.Waiter) in
            submit(.copy(operation, .abandon(continuation)))
        }
    }
}
