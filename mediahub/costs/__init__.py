"""What images cost: one model from one dated list of prices and one measurement, for operators and for plans."""

from mediahub.costs.model import Bill, CostError, Line, Plan, bill, prices

__all__ = ["Bill", "CostError", "Line", "Plan", "bill", "prices"]
