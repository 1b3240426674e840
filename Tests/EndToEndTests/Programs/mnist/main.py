"""A classifier in the idiom of pytorch/examples: argparse, batches counted in samples."""

import argparse

import torch
import torch.nn.functional as F
from torch.optim.lr_scheduler import StepLR


def train(args, model, loader, count, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(loader):
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if batch_idx % args.log_interval == 0:
            percent = 100.0 * batch_idx / len(loader)
            done = f"{batch_idx * len(data)}/{count} ({percent:.0f}%)"
            print(f"Train Epoch: {epoch} [{done}]\tLoss: {loss.item():.6f}")


def test(model, loader, count):
    model.eval()
    test_loss, correct = 0.0, 0
    with torch.no_grad():
        for data, target in loader:
            output = model(data)
            test_loss += F.nll_loss(output, target, reduction="sum").item()
            correct += output.argmax(dim=1).eq(target).sum().item()
    accuracy = f"{correct}/{count} ({100.0 * correct / count:.0f}%)"
    print(f"\nTest set: Average loss: {test_loss / count:.4f}, Accuracy: {accuracy}\n")


def main():
    parser = argparse.ArgumentParser(description="a small classifier")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--log-interval", type=int, default=4)
    parser.add_argument("--save-model", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(1)
    x = torch.randn(1280, 20)
    y = (x @ torch.randn(20, 4)).argmax(dim=1)
    train_set = torch.utils.data.TensorDataset(x[:1024], y[:1024])
    test_set = torch.utils.data.TensorDataset(x[1024:], y[1024:])
    train_loader = torch.utils.data.DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
    test_loader = torch.utils.data.DataLoader(test_set, batch_size=256)
    model = torch.nn.Sequential(torch.nn.Linear(20, 4), torch.nn.LogSoftmax(dim=1))
    optimizer = torch.optim.Adadelta(model.parameters(), lr=args.lr)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
    for epoch in range(1, args.epochs + 1):
        train(args, model, train_loader, len(train_set), optimizer, epoch)
        test(model, test_loader, len(test_set))
        scheduler.step()
    if args.save_model:
        torch.save(model.state_dict(), "mnist_cnn.pt")


if __name__ == "__main__":
    main()
