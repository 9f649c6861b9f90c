using System.Threading.Channels;

namespace CdcSync.Cli.Webhooks;

/// <summary>
/// What a receiver is still to be told, in order. A newer "published" of a dataset takes the place of one that waits: it says the same and more. When it is full, the oldest goes.
/// </summary>
internal sealed class WebhookQueue(int limit)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<WebhookDocument> _waiting = [];
    private readonly Channel<bool> _filled = Channel.CreateUnbounded<bool>();

    public int Count
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Adds one.</summary>
    /// <returns>True if another had to go for it.</returns>
    public bool Add(WebhookDocument document)
    {
        lock (_lock)
        {
            if (document.Publication is not null && Find(document) is { } older)
                _waiting.Remove(older);
            _waiting.AddLast(document);
            var isFull = _waiting.Count > limit;
            if (isFull)
                _waiting.RemoveFirst();
            _filled.Writer.TryWrite(true);
            return isFull;
        }
    }

    /// <summary>Takes the oldest, as soon as there is one.</summary>
    public async Task<WebhookDocument> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            await _filled.Reader.ReadAsync(ct);
            lock (_lock)
            {
                // What was replaced has rung too.
                if (_waiting.First is not { } first)
                    continue;
                _waiting.RemoveFirst();
                return first.Value;
            }
        }
    }

    private LinkedListNode<WebhookDocument>? Find(WebhookDocument document)
    {
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            if (node.Value.Publication is not null && node.Value.Dataset == document.Dataset)
                return node;
        }

        return null;
    }
}
